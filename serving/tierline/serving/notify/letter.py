"""What is sent: short, redacted, without any of the ticket's text but its evidence."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pydantic import BaseModel, ConfigDict

from tierline.data.normalise import full_text
from tierline.data.ticket import Ticket
from tierline.serving.clock.shown import due_text
from tierline.serving.handoff.packet import Packet
from tierline.serving.plain_words import plain_words, reference
from tierline.serving.routing.recommendation import Reason, Recommendation

_EVIDENCE_CHARS: Final = 60
_BODY_CHARS: Final = 800


class Letter(BaseModel):
    """One notification for one endpoint of an audience.

    ``key`` is the same for the same ticket, audience, endpoint, tier, team and set of reasons on
    the same day (UTC): it is sent once. ``marks`` are hashes of the ticket's and customer's ids,
    by which it can be erased. ``problem`` and ``attempts`` say why and after how many tries it is
    a dead letter.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    key: str
    audience: str
    endpoint: int
    title: str
    body: str
    made_at: datetime
    marks: tuple[str, ...] = ()
    problem: str | None = None
    attempts: int = 0


@dataclass(frozen=True)
class News:
    """What there is to tell of a ticket: its answer, and its packet where it is handed on.

    ``owner``: the audience is the team that gets the packet. It hears again when what the packet
    lacks changes; others hear of an escalation once.
    """

    ticket: Ticket
    answer: Recommendation
    packet: Packet | None = None
    owner: bool = False

    @property
    def title(self) -> str:
        """One line: how severe, which ticket, whereto, and whether the packet is a draft."""
        answer, named = self.answer, reference(self.ticket.id) or "a ticket"
        title = f"{answer.severity or 'Severity unknown'}: {named} to tier {answer.tier}"
        return f"{'Draft: ' if self.missing else ''}{title}, {answer.team}"

    @property
    def body(self) -> str:
        """By when, what the packet lacks, and why; cut where it gets long."""
        lines = [f"Answer by {due_text(self.answer.respond_by)}."]
        if self.missing:
            lines.append(f"The packet isn't complete. Missing: {', '.join(self.missing)}.")
        lines += [f"- {_said(reason)}" for reason in self.answer.reasons]
        body = "\n".join(lines)
        return body if len(body) <= _BODY_CHARS else body[: _BODY_CHARS - 1] + "…"

    @property
    def missing(self) -> tuple[str, ...]:
        """What the packet lacks by the policy."""
        return tuple(lack.what for lack in self.packet.missing) if self.packet else ()


def letters(news: News, audience: str, endpoints: int, now: datetime) -> Iterator[Letter]:
    """Yield what to send to each of an audience's ``endpoints``."""
    marks = marks_of(news.ticket.id, news.ticket.customer)
    for number in range(endpoints):
        yield Letter(
            key=_key(news, audience, number, now),
            audience=audience,
            endpoint=number,
            title=news.title,
            body=news.body,
            made_at=now.astimezone(UTC),
            marks=marks,
        )


def marks_of(ticket: str | None = None, customer: str | None = None) -> tuple[str, ...]:
    """Return the hashes by which a ticket's or customer's letters are found."""
    named = (("ticket", ticket), ("customer", customer))
    return tuple(_hash(kind, value) for kind, value in named if value is not None)


def _said(reason: Reason) -> str:
    words = (plain_words(evidence, _EVIDENCE_CHARS) for evidence in reason.evidence)
    quotes = ", ".join(f"“{quote}”" for quote in words if quote)
    return f"{reason.text}: {quotes}" if quotes else reason.text


def _key(news: News, audience: str, endpoint: int, now: datetime) -> str:
    """Return a hash: of a ticket without an id its words and when it was filed stand for it.

    The day is in it because the same words on another day are another incident, and nothing
    tells a ticket that was reopened from one that is still open: rather twice than never.
    """
    ticket, answer = news.ticket, news.answer
    words = f"{ticket.customer}\0{ticket.created_at}\0{full_text(ticket)}"
    who = ticket.id if ticket.id is not None else words
    day = now.astimezone(UTC).date().isoformat()
    whereto = (str(answer.tier), answer.team)
    lacks = ("packet", *news.missing) if news.owner else ()
    reasons = sorted({reason.rule for reason in answer.reasons})
    return _hash(who, day, audience, str(endpoint), *whereto, *reasons, *lacks)


def _hash(*parts: str) -> str:
    whole = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(whole).hexdigest()[:40]
