"""What is sent: short, redacted, without any of the ticket's text but its evidence."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from pydantic import BaseModel, ConfigDict

from tierline.data.normalise import full_text
from tierline.data.ticket import Ticket
from tierline.serving.clock.shown import due_text
from tierline.serving.plain_words import plain_words, reference
from tierline.serving.routing.recommendation import Reason, Recommendation

_EVIDENCE_CHARS: Final = 60
_BODY_CHARS: Final = 800


class Letter(BaseModel):
    """One notification for one endpoint of an audience.

    ``key`` is the same for the same ticket, audience, endpoint and set of reasons: it is sent
    once. ``problem`` and ``attempts`` say why and after how many tries it is a dead letter.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    key: str
    audience: str
    endpoint: int
    title: str
    body: str
    made_at: datetime
    problem: str | None = None
    attempts: int = 0


def letters(
    ticket: Ticket, answer: Recommendation, audience: str, endpoints: int, now: datetime
) -> Iterator[Letter]:
    """Yield what to send to each of an audience's ``endpoints``."""
    named = reference(ticket.id) or "a ticket"
    title = f"{answer.severity or 'Severity unknown'}: {named} to tier {answer.tier}, {answer.team}"
    why = "\n".join(f"- {_said(reason)}" for reason in answer.reasons)
    body = f"Answer by {due_text(answer.respond_by)}.\n{why}"
    short = body if len(body) <= _BODY_CHARS else body[: _BODY_CHARS - 1] + "…"
    for number in range(endpoints):
        yield Letter(
            key=_key(ticket, answer, audience, number),
            audience=audience,
            endpoint=number,
            title=title,
            body=short,
            made_at=now.astimezone(UTC),
        )


def _said(reason: Reason) -> str:
    words = (plain_words(evidence, _EVIDENCE_CHARS) for evidence in reason.evidence)
    quotes = ", ".join(f"“{quote}”" for quote in words if quote)
    return f"{reason.text}: {quotes}" if quotes else reason.text


def _key(ticket: Ticket, answer: Recommendation, audience: str, endpoint: int) -> str:
    """Return a hash: of a ticket without an id its words stand for it."""
    who = ticket.id if ticket.id is not None else f"{ticket.customer}\0{full_text(ticket)}"
    reasons = sorted({reason.rule for reason in answer.reasons})
    parts = "\0".join([who, audience, str(endpoint), *reasons])
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:40]
