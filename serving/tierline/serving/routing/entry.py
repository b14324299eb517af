"""Where a ticket enters: the first of the policy's entry rules that matches."""

from datetime import UTC, datetime
from typing import Final

from tierline.data.labels import Severity
from tierline.data.ticket import Ticket
from tierline.serving import safety
from tierline.serving.policy import TIERS, EntryRule, Policy
from tierline.serving.routing.conditions import Case, first_match
from tierline.serving.routing.recommendation import Reason

ENTRY_FALLBACK: Final = "entry.fallback"


def enter(case: Case, policy: Policy) -> tuple[tuple[int, ...], Reason]:
    """Return the tiers of the first entry rule that matches, and why; the last one always does."""
    for rule in policy.entry:
        found = first_match(rule.when, case)
        if found is not None:
            path = rule.path or _standard_path(case, policy)
            return path, _reason(rule, found, case, policy)
    raise AssertionError("the policy's last entry rule matches every ticket")


def _reason(rule: EntryRule, found: tuple[str, ...], case: Case, policy: Policy) -> Reason:
    if rule.path:
        return Reason(rule=rule.id, text=rule.text, evidence=found)
    if case.issue_type is None or not policy.owns(case.issue_type):
        who = "no model named the issue type" if case.issue_type is None else "no tier owns it"
        return Reason(rule=ENTRY_FALLBACK, text=f"{who}: the policy's fallback tier takes it")
    return Reason(rule=rule.id, text=rule.text, evidence=(f"issue_type: {case.issue_type}",))


def _standard_path(case: Case, policy: Policy) -> tuple[int, ...]:
    """Return the tiers from the owner's up to senior engineers (from there, one more)."""
    owner = policy.owner_tier(case.issue_type)
    top = max(safety.SAFETY_TIER, min(owner + 1, TIERS[-1]))
    return tuple(range(owner, top + 1))


def entry_path(
    severity: Severity | None, issue_type: str | None, policy: Policy
) -> tuple[int, ...] | None:
    """Return the tiers that the policy gives to these labels alone; None where it doesn't say."""
    now = datetime.max.replace(tzinfo=UTC)
    case = Case(Ticket(), "", "", severity, issue_type, None, now)
    path, reason = enter(case, policy)
    return None if reason.rule == ENTRY_FALLBACK else path
