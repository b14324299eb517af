"""What the queue knows of a ticket: no words, so that 100,000 fit in memory."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tierline.data.labels import Severity
from tierline.data.ticket import Ticket, utc_when_naive
from tierline.serving.clock.deadlines import respond_within
from tierline.serving.clock.filed import filed
from tierline.serving.clock.open_time import in_utc, shifted
from tierline.serving.policy import Exclusion, Policy
from tierline.serving.queue.restated import placed, under_stated
from tierline.serving.routing.caution import CAUTION_P1
from tierline.serving.routing.recommendation import Reason
from tierline.serving.teams.exclusions import (
    NO_MORE,
    Exclusions,
    issue_types_of,
    kept_from,
)

_SAFETY: Final = "safety."
_NO_TIME: Final = timedelta(0)
#: A field with the values (in one case) of which an agent must have one among the skills.
Need = tuple[str, tuple[str, ...]]


class Answer(Protocol):
    """What the queue reads of a recommendation, or of an answers file's row."""

    @property
    def tier(self) -> int: ...  # noqa: D102
    @property
    def team(self) -> str: ...  # noqa: D102
    @property
    def severity(self) -> str | None: ...  # noqa: D102
    @property
    def issue_type(self) -> str | None: ...  # noqa: D102
    @property
    def sentiment(self) -> str | None: ...  # noqa: D102
    @property
    def respond_by(self) -> datetime: ...  # noqa: D102
    @property
    def reasons(self) -> tuple[Reason, ...]: ...  # noqa: D102


def _from_json(value: object) -> object:
    """Read a list from its JSON: cells of CSV and Parquet files hold nothing else."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None


class Scored(BaseModel):
    """An answer that was given before, as `tierline score` wrote it; other columns are ignored."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: str = Field(max_length=200)
    tier: int = Field(ge=1, le=4)
    team: str = Field(max_length=200)
    severity: str | None = Field(default=None, max_length=200)
    issue_type: str | None = Field(default=None, max_length=200)
    sentiment: str | None = Field(default=None, max_length=200)
    respond_by: Annotated[datetime, BeforeValidator(utc_when_naive)]
    reasons: Annotated[tuple[Reason, ...], BeforeValidator(_from_json)]


@dataclass(frozen=True, slots=True)
class Entry:
    """One open ticket.

    ``first`` says why it precedes all others: ``safety`` or ``P1``, None where it doesn't.
    ``severity_said`` is the label that was given, None where the policy's fallback stands in.
    ``may_be_p1``: the model can't rule out P1. ``age`` of a ticket that isn't ``dated`` counts
    from when it was first seen. ``never``: teams that an exclusion keeps it from. ``locked``: a
    person's lock holds it there, so it stays.
    """

    id: str
    tier: int
    team: str
    respond_by: datetime
    severity: Severity
    severity_said: str | None = None
    first: str | None = None
    may_be_p1: bool = False
    sentiment: str | None = None
    customer_tier: str | None = None
    attempts: int | None = None
    order_value: float | None = None
    age: timedelta = _NO_TIME
    dated: bool = True
    needs: frozenset[Need] = frozenset()
    never: frozenset[str] = frozenset()
    locked: bool = False


def entry_of(
    ticket: Ticket,
    answer: Answer,
    policy: Policy,
    now: datetime,
    exclusions: Exclusions = NO_MORE,
    since: datetime | None = None,
) -> Entry:
    """Return a ticket's entry by its answer; ``exclusions`` hold beside the policy's own.

    A severity that a person states of the ticket counts for the answer's.
    A ticket without a date counts ``since`` an earlier queue first held it, or since its answer
    was given, whichever is earlier.

    Raises:
        ValueError: when the ticket has no id, or the answer's team isn't in the policy.
    """
    if ticket.id is None:
        raise ValueError("id: expected one, to tell tickets apart")
    if answer.team not in policy.teams:
        raise ValueError("team: expected a team of the policy; score the tickets again")
    safe = any(reason.rule.startswith(_SAFETY) for reason in answer.reasons)
    never = exclusions.beside(policy)
    answer = under_stated(ticket, answer, policy, now, never, safe=safe)
    rules = [reason.rule for reason in answer.reasons]
    known = policy.severity_of(answer.severity)
    severity = known or policy.fallback.severity
    tier, team, locked = placed(ticket, answer, policy, never, safe=safe)
    age = age_of(ticket, now)
    return Entry(
        id=ticket.id,
        tier=tier,
        team=team,
        respond_by=in_utc(answer.respond_by),
        severity=severity,
        severity_said=answer.severity if known else None,
        first="safety" if safe else "P1" if severity is Severity.P1 else None,
        may_be_p1=CAUTION_P1 in rules and severity is not Severity.P1,
        sentiment=answer.sentiment,
        customer_tier=ticket.customer_tier,
        attempts=ticket.attempts,
        order_value=ticket.order_value,
        age=_seen_for(answer, policy, severity, safe, now, since) if age is None else age,
        dated=age is not None,
        needs=frozenset(_needs(ticket, answer, policy)),
        never=_never(ticket, answer, team, never),
        locked=locked,
    )


def age_of(ticket: Ticket, now: datetime) -> timedelta | None:
    """Return how long ago a ticket was filed, by its date or the wait; None where neither tells."""
    minutes = ticket.waited_minutes
    start = filed(ticket, now, None if minutes is None else timedelta(minutes=minutes))
    return max(now - start.at, _NO_TIME) if start.known else None


def _seen_for(
    answer: Answer,
    policy: Policy,
    severity: Severity,
    safe: bool,
    now: datetime,
    since: datetime | None,
) -> timedelta:
    """Return how long a ticket without a date is known at least.

    Its answer was due so long after it was given, or later by a team's hours: never too long.
    """
    answered = shifted(in_utc(answer.respond_by), -respond_within(policy, severity, safe))
    return max(now - min(answered, since or now), _NO_TIME)


def _needs(ticket: Ticket, answer: Answer, policy: Policy) -> Iterator[Need]:
    everyone = {skill.casefold() for skill in policy.queue.everyone}
    for field in policy.queue.needs:
        given: Any = answer.issue_type if field == "issue_type" else getattr(ticket, field)
        if (values := skill_names(field, given)) and everyone.isdisjoint(values):
            yield field, values


def skill_names(field: str, value: str | None) -> tuple[str, ...]:
    """Return the names by which a value counts as a skill: ``de-AT`` is ``de``, too."""
    name = (value or "").strip().casefold()
    if field != "language" or not name:
        return (name,) if name else ()
    code = name.replace("_", "-")
    return tuple(dict.fromkeys((code, code.partition("-")[0])))


def _never(ticket: Ticket, answer: Answer, team: str, rules: Sequence[Exclusion]) -> frozenset[str]:
    """Return the teams to which a ticket of ``team`` never goes, from there nor from its own."""
    if not rules:
        return frozenset()
    return kept_from(team, rules, ticket, issue_types_of(answer))
