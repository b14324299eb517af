"""The manual escalation guideline: four questions, each from 0 to 3, with what gave the level."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tierline.data.ticket import DIMENSIONS
from tierline.serving.policy import Ask, Policy
from tierline.serving.routing.conditions import Case, first_match
from tierline.serving.teams.answers import Assessment, Level

#: The risk that an incident brings, whatever the policy's rules say.
_INCIDENT_RISK: Final = 3


@dataclass(frozen=True)
class Asked:
    """A tier that the assessment asks for, and the levels that do."""

    tier: int
    why: tuple[str, ...]


def assess(case: Case, policy: Policy, incidents: Sequence[str] = ()) -> Assessment:
    """Return the assessment of a case; ``incidents`` are what safety found, by label."""
    levels = {name: _level(name, case, policy, incidents)[0] for name in DIMENSIONS}
    return Assessment(**levels, total=sum(level.level for level in levels.values()))


def asked(case: Case, policy: Policy, incidents: Sequence[str] = ()) -> Asked | None:
    """Return the highest tier that the assessment asks for on a person's word, or None.

    Without a person's word on any level nothing is asked for, and little is computed.
    """
    if not policy.assessment.asks or not _may_state(case, policy):
        return None
    found = {name: _level(name, case, policy, incidents) for name in DIMENSIONS}
    levels = {name: level.level for name, (level, _) in found.items()}
    stated = {name for name, (_, said) in found.items() if said}
    holding = [ask for ask in policy.assessment.asks if _holds(ask, levels, stated)]
    if not holding:
        return None
    best = max(holding, key=lambda ask: ask.tier)
    return Asked(best.tier, tuple(_shown(best, levels)))


def _may_state(case: Case, policy: Policy) -> bool:
    """Return whether a person stated a level: by hand, or by a fact that a rule marks so."""
    by_hand = case.ticket.assessment is not None
    return by_hand or first_match(policy.assessment.stated, case) is not None


def _holds(ask: Ask, levels: dict[str, int], stated: set[str]) -> bool:
    rests_on = set(DIMENSIONS) if ask.total is not None else set(ask.levels)
    return (
        bool(rests_on & stated)
        and all(levels[name] >= least for name, least in ask.levels.items())
        and sum(levels.values()) >= (ask.total or 0)
    )


def _shown(ask: Ask, levels: dict[str, int]) -> Iterator[str]:
    if ask.total is not None:
        yield f"total: {sum(levels.values())}"
    for name in ask.levels:
        yield f"{name}: {levels[name]}"


def _level(name: str, case: Case, policy: Policy, incidents: Sequence[str]) -> tuple[Level, bool]:
    """Return a dimension's level, and whether a person stated it."""
    hand = getattr(case.ticket.assessment, name) if case.ticket.assessment else None
    if hand is not None:
        return Level(level=hand, evidence=("set by hand",), by_hand=True), True
    level, evidence, stated = 0, dict[str, None](), False
    if incidents and name == "business_risk":
        level, evidence = _INCIDENT_RISK, dict.fromkeys(f"safety: {label}" for label in incidents)
    for rule in policy.assessment.rules(name):
        found = first_match(rule.when, case) if rule.level >= level else None
        if found is None:
            continue
        if rule.level > level:
            level, evidence, stated = rule.level, {}, False
        evidence |= dict.fromkeys(found)
        stated |= rule.stated
    return Level(level=level, evidence=tuple(evidence), by_hand=False), stated
