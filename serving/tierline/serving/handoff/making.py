"""Make a packet: pure, from a ticket, its recommendation, a person's notes and the policy."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

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
    Notes,
    Packet,
    Step,
)
from tierline.serving.policy import Policy
from tierline.serving.policy.team_prose import authority_facts
from tierline.serving.routing.recommendation import Recommendation

_MAX_REPORTED: Final = 8_000
_STEPS: Final = {
    Step.DOCUMENT: "Document: what was reported, what was tried, what is open",
    Step.NOTIFY: "Tag and notify: the team and everyone named below know",
    Step.WARM_TRANSFER: "Warm transfer: talk it over with the new owner, not through the customer",
    Step.FOLLOW_UP: "Follow up: make sure that it moved, and tell the customer",
}
_NOTHING: Final = Notes()


def make_packet(
    ticket: Ticket,
    answer: Recommendation,
    policy: Policy,
    now: datetime,
    notes: Notes = _NOTHING,
    before: Sequence[Done] = (),
) -> Packet:
    """Return the packet for the team that the answer names.

    ``before`` are steps of this hand-off that were done earlier; those of the notes count for
    more, and `may_be_done` says which of them still count.

    Raises:
        InputError: when it is claimed to be complete (or documented) while something that the
            policy requires is missing, or a step was done in the future.
    """
    lacking = missing(ticket, notes, answer, policy)
    if lacking and notes.complete:
        raise InputError(_incomplete("complete", (lack.what for lack in lacking)))
    refuse_false_claims(notes.done, [lack.what for lack in lacking], now)
    known = [done for done in before if may_be_done(done.step, lacking)]
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
        severity_by=_severity_by(ticket, answer, notes),
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
        checklist=tuple(checked_steps((*known, *notes.done), now)),
        missing=lacking,
        complete=not lacking,
        model_version=answer.model_version,
        policy_version=answer.policy_version,
    )


def may_be_done(step: Step, missing: Sequence[object]) -> bool:
    """Return whether a step counts as done: ``document`` only while nothing is missing."""
    return step is not Step.DOCUMENT or not missing


def refuse_false_claims(done: Sequence[Done], missing: Sequence[str], now: datetime) -> None:
    """Refuse steps that can't be done: documented while something is ``missing``, or later on.

    Raises:
        InputError: naming the step and what is missing.
    """
    if not all(may_be_done(one.step, missing) for one in done):
        raise InputError(_incomplete(f"done: {Step.DOCUMENT}", missing))
    if late := [one.step for one in done if one.at is not None and one.at > now + TOLERANCE]:
        raise InputError(f"done: {late[0]} can't have been done in the future")


def _incomplete(claim: str, missing: Iterable[str]) -> str:
    names = ", ".join(missing)
    return f"{claim}: the packet isn't complete; the policy requires {names} too"


def checked_steps(steps: Sequence[Done], now: datetime) -> Iterator[CheckItem]:
    """Yield all four steps in order, done or not; without a time a step was done ``now``."""
    found: dict[Step, Done] = {done.step: done for done in steps}
    for step in Step:
        done = found.get(step)
        if done is None:
            yield CheckItem(step=step, text=_STEPS[step])
        else:
            at = (done.at or now).astimezone(UTC)
            yield CheckItem(step=step, text=_STEPS[step], by=redact(done.by), at=at)


def _severity_by(
    ticket: Ticket, answer: Recommendation, notes: Notes
) -> Literal["model", "person"] | None:
    if notes.severity or ticket.stated_severity:
        return "person"
    return "model" if answer.severity else None


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
