"""One message to a customer, from a ticket, its answer, the policy and the templates."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Literal

from tierline.data.errors import InputError
from tierline.data.labels import Severity
from tierline.data.ticket import Ticket
from tierline.serving.messages.message import Form, Kind, Message, StatedTime, form_for
from tierline.serving.messages.promises import Promises, promises_of, severity_told
from tierline.serving.messages.spoken import Speech, SpokenSpan, SpokenTime
from tierline.serving.messages.templates import Templates
from tierline.serving.plain_words import plain_words, reference
from tierline.serving.policy import Policy
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.teams.advice import settled

_ABOUT_CHARS: Final = 80
_INSTANTS: Final[tuple[Literal["respond_by", "resolve_by", "update_by"], ...]] = (
    "respond_by",
    "resolve_by",
    "update_by",
)


def compose(
    kind: Kind,
    ticket: Ticket,
    answer: Recommendation,
    policy: Policy,
    templates: Templates,
    now: datetime,
    language: str | None = None,
    time_zone: str | None = None,
) -> Message:
    """Return a message; ``answer`` is the recommendation for the ticket at ``now``.

    Without a ``language`` the ticket's counts where there are templates for it, else the
    policy's. Whatever the templates say, the times in them are the policy's.

    Raises:
        InputError: for a language without templates, or a time zone that isn't one.
    """
    spoken = _language(language, ticket.language, policy, templates)
    code = spoken.partition("-")[0].lower()
    zone = time_zone or policy.messages.time_zone or _zone_of(answer, policy)
    speech = Speech.of(spoken, zone)
    form = form_for(ticket.channel, policy)
    times = _times(promises_of(answer, policy, now, settled=settled(ticket, policy)), speech)
    words = times | _facts(ticket, answer, policy, form)
    message = templates.message(code, kind, words)
    paragraphs = message.part(form)
    subject = html = None
    if form is Form.LONG:
        subject = " ".join(message.part("subject"))
        html = templates.page(spoken, subject, paragraphs)
    text = "\n\n".join(paragraphs)
    stated = tuple(_stated(times))
    return Message(
        kind=kind,
        form=form,
        language=spoken,
        time_zone=zone,
        subject=subject,
        text=text,
        html=html,
        promises=stated,
    )


def _zone_of(answer: Recommendation, policy: Policy) -> str:
    return policy.calendars[policy.calendar_of(answer.team, answer.tier)].time_zone


def _language(asked: str | None, ticket: str | None, policy: Policy, templates: Templates) -> str:
    """Return the language code with its region: ``de-AT`` is said with the words of ``de``."""
    if asked is not None and not _has(templates, asked):
        raise InputError(f"language: expected one of {', '.join(templates.languages)}")
    for code in (asked, ticket, policy.messages.language):
        if code is not None and _has(templates, code):
            return _code(code)
    raise InputError(
        f"messages.language: no templates for {policy.messages.language!r}; "
        f"there are {', '.join(templates.languages)}"
    )


def _code(code: str) -> str:
    return code.strip().replace("_", "-")


def _has(templates: Templates, code: str) -> bool:
    return _code(code).partition("-")[0].lower() in templates.languages


def _times(promised: Promises, speech: Speech) -> dict[str, Any]:
    times: dict[str, Any] = {"late": promised.late, "update_every": None}
    for name in _INSTANTS:
        instant = getattr(promised, name)
        times[name] = None if instant is None else speech.instant(instant)
    if promised.update_every is not None:
        times["update_every"] = speech.span(promised.update_every)
    return times


def _facts(ticket: Ticket, answer: Recommendation, policy: Policy, form: Form) -> dict[str, Any]:
    """Return what else a template may say; in public nothing that tells cases apart."""
    hidden = form is Form.PUBLIC
    return {
        "severity": str(severity_told(answer, policy)),
        "tier": answer.tier,
        "sentiment": _mood(answer, policy),
        "about": "" if hidden else plain_words(ticket.subject, _ABOUT_CHARS),
        "reference": "" if hidden else reference(ticket.id),
        "signature": policy.messages.signature,
    }


def _mood(answer: Recommendation, policy: Policy) -> str:
    """Return the sentiment that the tone follows: nobody is glad of an incident or an outage."""
    grave = severity_told(answer, policy) in (Severity.P1, Severity.P2)
    if (grave or answer.is_incident) and answer.sentiment in ("neutral", "positive"):
        return "negative"
    return answer.sentiment or ""


def _stated(times: Mapping[str, Any]) -> Iterator[StatedTime]:
    """Yield the times that the message states, of those that it may."""
    for name in _INSTANTS:
        time = times[name]
        if isinstance(time, SpokenTime) and time.told:
            yield StatedTime(what=name, at=time.at, text=str(time))
    span = times["update_every"]
    if isinstance(span, SpokenSpan) and span.told:
        yield StatedTime(what="update_every", minutes=span.minutes, text=span.text)
