"""Make a packet: pure, from a ticket, its recommendation, a person's notes and the policy."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from tierline.data.errors import InputError
from tierline.data.normalise import full_text
from tierline.data.redact import redact
from tierline.data.ticket import Ticket
from tierline.serving.clock.filed import TOLERANCE
from tierline.serving.handoff.needs import missing, open_questions
from tierline.serving.handoff.packet import (
    CheckItem,
    CustomerState,
    Done,
    Missing,
    Notes,
    Packet,
    Step,
)
from tierline.serving.policy import Policy
from tierline.serving.policy.team_prose import authority_facts
from tierline.serving.routing.recommend import recommend
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Decision

_MAX_REPORTED: Final = 8_000
_STEPS: Final = {
    Step.DOCUMENT: "Document: what was reported, what was tried, what is open",
    Step.NOTIFY: "Tag and notify: the team and everyone named below know",
    Step.WARM_TRANSFER: "Warm transfer: talk it over with the new owner, not through the customer",
    Step.FOLLOW_UP: "Follow up: make sure that it moved, and tell the customer",
}
_NOTHING: Final = Notes()


def answer_with(
    made: Decision, policy: Policy, now: datetime, notes: Notes = _NOTHING
) -> Recommendation:
    """Return the decision's answer, or the one with the severity that a person states.

    Raises:
        InputError: for a severity that the policy doesn't know.
    """
    if notes.severity is None:
        return made.recommendation
    try:
        return recommend(
            made.ticket, made.prediction, policy, now, made.exclusions, severity=notes.severity
        )
    except ValueError as error:
        raise InputError(str(error)) from None


def make_packet(
    ticket: Ticket,
    answer: Recommendation,
    policy: Policy,
    now: datetime,
    notes: Notes = _NOTHING,
) -> Packet:
    """Return the packet for the team that the answer names.

    Raises:
        InputError: when it is claimed to be complete (or documented) while something that the
            policy requires is missing, or a step was done in the future.
    """
    lacking = missing(ticket, notes, answer, policy)
    _refuse_false_claims(notes, lacking, now)
    reported = redact(full_text(ticket))
    too_long = len(reported) > _MAX_REPORTED
    questions = (*map(redact, notes.open_questions), *open_questions(answer, lacking))
    return Packet(
        id=ticket.id,
        made_at=now.astimezone(UTC),
        reported=reported[:_MAX_REPORTED] + (" […]" if too_long else ""),
        attempts=ticket.attempts,
        tried=tuple(map(redact, notes.tried)),
        reproduction=_redacted(notes.reproduction),
        customer=_customer(ticket, answer, notes, now),
        severity=answer.severity,
        severity_by="person" if notes.severity else "model" if answer.severity else None,
        issue_type=answer.issue_type,
        product=ticket.product,
        lane=answer.lane,
        from_tier=ticket.current_tier,
        from_team=ticket.team,
        tier=answer.tier,
        team=answer.team,
        authority=tuple(authority_facts(policy.teams[answer.team].authority, policy.currency)),
        respond_by=answer.respond_by,
        resolve_by=answer.resolve_by,
        why=answer.reasons,
        try_next=policy.handoff.first_steps(answer.issue_type),
        notify=answer.notify,
        open_questions=tuple(dict.fromkeys(questions)),
        checklist=tuple(_checklist(notes, now)),
        missing=lacking,
        complete=not lacking,
        model_version=answer.model_version,
        policy_version=answer.policy_version,
    )


def _refuse_false_claims(notes: Notes, lacking: tuple[Missing, ...], now: datetime) -> None:
    documented = any(done.step is Step.DOCUMENT for done in notes.done)
    if lacking and (notes.complete or documented):
        claim = "complete" if notes.complete else "done: document"
        names = ", ".join(lack.what for lack in lacking)
        raise InputError(f"{claim}: the packet isn't complete; the policy requires {names} too")
    if late := [d.step for d in notes.done if d.at is not None and d.at > now + TOLERANCE]:
        raise InputError(f"done: {late[0]} can't have been done in the future")


def _checklist(notes: Notes, now: datetime) -> Iterator[CheckItem]:
    found: dict[Step, Done] = {done.step: done for done in notes.done}
    for step in Step:
        done = found.get(step)
        if done is None:
            yield CheckItem(step=step, text=_STEPS[step])
        else:
            at = (done.at or now).astimezone(UTC)
            yield CheckItem(step=step, text=_STEPS[step], by=redact(done.by), at=at)


def _customer(ticket: Ticket, answer: Recommendation, notes: Notes, now: datetime) -> CustomerState:
    return CustomerState(
        customer=ticket.customer,
        tier=ticket.customer_tier,
        sentiment=answer.sentiment,
        waited_minutes=_waited(ticket, now),
        channel=ticket.channel,
        language=ticket.language,
        contact=_redacted(notes.contact),
    )


def _waited(ticket: Ticket, now: datetime) -> int | None:
    """Return whole minutes: as given, else since the ticket was filed, never below 0."""
    if ticket.waited_minutes is not None:
        return int(ticket.waited_minutes)
    if ticket.created_at is None:
        return None
    return max(now - ticket.created_at, timedelta(0)) // timedelta(minutes=1)


def _redacted(note: str | None) -> str | None:
    return None if note is None else redact(note)
