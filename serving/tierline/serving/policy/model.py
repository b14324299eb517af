"""The policy: tiers, owners, response times and flat ordered rules."""

import hashlib
import json
from datetime import timedelta
from functools import cached_property
from itertools import chain
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from tierline.data.labels import PROTECTED, Severity
from tierline.data.ticket import DIMENSIONS
from tierline.serving.policy.assessment import AdvicePolicy, AssessmentPolicy
from tierline.serving.policy.calendars import (
    Calendar,
    Calendars,
    libraries,
    refuse_unknown,
    together,
)
from tierline.serving.policy.durations import Duration
from tierline.serving.policy.handoff import HandOffPolicy
from tierline.serving.policy.helpdesk import HelpdeskPolicy
from tierline.serving.policy.messages import MessagePolicy
from tierline.serving.policy.queue import QueuePolicy, queue_problems
from tierline.serving.policy.rules import (
    RESERVED,
    TIERS,
    Condition,
    EntryRule,
    Strict,
    Tier,
    Trigger,
)
from tierline.serving.policy.teams import Exclusion, TeamPolicy, team_problems, with_owner_teams


def _said(name: str) -> str:
    if not name.strip():
        raise ValueError("expected a name; found none")
    return name


Name = Annotated[str, AfterValidator(_said)]


class TierPolicy(Strict):
    """One tier: who owns it, which issue types start there, and what is expected of it.

    Times count in the hours of its ``calendar``.
    """

    name: Name
    owner: Name
    owns: tuple[str, ...]
    resolve_within: Duration
    calendar: str
    expected_escalation: float = Field(ge=0, le=1)


class Fallback(Strict):
    """What holds for an issue type that no tier owns, and for an unknown severity."""

    tier: Tier
    severity: Severity


class SafetyPolicy(Strict):
    """How fast safety hits are answered. That they go to tier 3 is code, not policy."""

    respond_as: Literal[Severity.P1, Severity.P2]


class RetiredLabels(Strict):
    """Labels that are given no more, by head, whatever a model learnt before they were retired."""

    severity: tuple[str, ...] = ()
    issue_type: tuple[str, ...] = ()
    sentiment: tuple[str, ...] = ()

    def by_head(self) -> dict[str, tuple[str, ...]]:
        """Return the retired labels by head."""
        return {head: getattr(self, head) for head in type(self).model_fields}


class GatePolicy(Strict):
    """What a retrained model must pass before it becomes the champion.

    ``margin``: macro-F1 that a head may lose at most, by the lower end of its paired 95% interval.
    ``cost_margin``: mean cost per ticket that the decisions may gain. ``least_tickets``: held-out
    tickets that a head must be compared on. ``most_relabelled``: share of known labels that may
    come back changed without a correction. ``need_certificate``: whether a model without a
    promise on critical tickets is refused. ``confidence``: how sure the held-out tickets must be
    that a promise is broken. ``least_raised``: share of the safety suite's incidents to raise
    where there is no champion to compare with. The ratios are to the champion: median time per
    ticket, bytes on disk, peak memory.
    """

    margin: float = Field(ge=0, le=1)
    cost_margin: float = Field(ge=0)
    least_tickets: int = Field(ge=1)
    most_relabelled: float = Field(ge=0, le=1)
    need_certificate: bool
    confidence: float = Field(ge=0.5, lt=1)
    least_raised: float = Field(ge=0, le=1)
    latency_ratio: float = Field(gt=0)
    size_ratio: float = Field(gt=0)
    memory_ratio: float = Field(gt=0)


class Policy(Strict):
    """The whole escalation process. ``version`` is its name with a hash of its content."""

    name: Name
    currency: str
    calendars: Calendars
    tiers: dict[Tier, TierPolicy]
    respond_within: dict[Severity, Duration]
    fallback: Fallback
    safety: SafetyPolicy
    severity_names: dict[str, Severity]
    retired_labels: RetiredLabels
    gate: GatePolicy
    helpdesk: HelpdeskPolicy
    entry: tuple[EntryRule, ...]
    triggers: tuple[Trigger, ...]
    teams: dict[str, TeamPolicy] = Field(default_factory=dict)
    exclusions: tuple[Exclusion, ...] = ()
    assessment: AssessmentPolicy = AssessmentPolicy()
    advice: AdvicePolicy = AdvicePolicy()
    queue: QueuePolicy
    handoff: HandOffPolicy = HandOffPolicy()
    messages: MessagePolicy = MessagePolicy()

    @model_validator(mode="before")
    @classmethod
    def _owners_are_teams(cls, raw: Any) -> Any:
        return with_owner_teams(raw) if isinstance(raw, dict) else raw

    @field_validator("severity_names")
    @classmethod
    def _of_ones_own(cls, names: dict[str, Severity]) -> dict[str, Severity]:
        for label, level in names.items():
            if label in set(Severity) and label != level:
                raise ValueError(
                    f"expected labels of your own; found the severity {label} as {level}: "
                    "each severity means itself, so take that line out"
                )
        return names

    @model_validator(mode="after")
    def _complete(self) -> "Policy":
        if set(self.tiers) != set(TIERS):
            raise ValueError(f"tiers: expected exactly 1, 2, 3 and 4; found {sorted(self.tiers)}")
        if missing := [s for s in Severity if s not in self.respond_within]:
            raise ValueError(f"respond_within: expected every severity; missing {missing}")
        owned = [t for tier in self.tiers.values() for t in tier.owns]
        if twice := {t for t in owned if owned.count(t) > 1}:
            raise ValueError(f"tiers: an issue type has one owner; owned twice: {sorted(twice)}")
        for label in self.retired_labels.issue_type:
            if why := PROTECTED["issue_type"].get(label):
                raise ValueError(f"retired_labels.issue_type: {label} can't be retired: {why}")
        for label in self.retired_labels.severity:
            if self.severity_of(label) is Severity.P1:
                why = PROTECTED["severity"][Severity.P1]
                raise ValueError(f"retired_labels.severity: {label} can't be retired: {why}")
        used = {f"tiers.{n}.calendar": tier.calendar for n, tier in self.tiers.items()}
        used |= {
            f"teams.{n}.calendar": team.calendar for n, team in self.teams.items() if team.calendar
        }
        refuse_unknown(self.calendars, used)
        ids = [rule.id for rule in self.entry] + [trigger.id for trigger in self.triggers]
        if twice := {i for i in ids if ids.count(i) > 1}:
            raise ValueError(f"rule ids are unique; found twice: {sorted(twice)}")
        if reserved := [i for i in ids if i.startswith(RESERVED)]:
            raise ValueError(f"ids under {', '.join(RESERVED)} are reserved; found {reserved}")
        if not self.entry or self.entry[-1].when != (Condition(),):
            raise ValueError("entry: the last rule must match every ticket: give it no 'when'")
        problems = team_problems(self.teams, self.exclusions, self.last_owner)
        if problem := next(chain(problems, queue_problems(self.queue, self.teams)), None):
            raise ValueError(problem)
        return self

    @cached_property
    def version(self) -> str:
        """The name with the first 12 digits of a hash over the content.

        Where hours come from libraries, their releases count as content: they change answers.
        """
        parts = self.model_dump(mode="json") | libraries(self.calendars)
        content = json.dumps(parts, sort_keys=True)
        return f"{self.name}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"

    @cached_property
    def waits(self) -> frozenset[timedelta]:
        """Every wait that some rule asks about."""
        waits = (condition.waited_over for condition in self.asking_about("waited_over"))
        return frozenset(wait for wait in waits if wait is not None)

    def calendar_of(self, team: str, tier: int) -> str:
        """Return the calendar by which a team works at a tier: its own, else the tier's."""
        known = self.teams.get(team)
        return (known.calendar if known else None) or self.tiers[tier].calendar

    def hours(self, calendar: str) -> tuple[Calendar, ...]:
        """Return a calendar and those that cover it: what `tierline.serving.clock` takes.

        Raises:
            ValueError: when the policy has no calendar of that name.
        """
        return together(self.calendars, calendar)

    def owns(self, issue_type: str) -> bool:
        """Return whether some tier owns an issue type."""
        return any(issue_type in tier.owns for tier in self.tiers.values())

    def asking_about(self, key: str) -> tuple[Condition, ...]:
        """Return the conditions of entries, triggers and the assessment that ask about a key."""
        return self._by_key.get(key, ())

    @cached_property
    def _by_key(self) -> dict[str, tuple[Condition, ...]]:
        levels = chain.from_iterable(map(self.assessment.rules, DIMENSIONS))
        whens = chain(
            (rule.when for rule in self.entry),
            (trigger.when for trigger in self.triggers),
            (level.when for level in levels),
        )
        found: dict[str, tuple[Condition, ...]] = {}
        for condition in chain.from_iterable(whens):
            for key in type(condition).model_fields:
                if getattr(condition, key) is not None:
                    found[key] = (*found.get(key, ()), condition)
        return found

    @property
    def last_owner(self) -> str:
        """The owner of the last tier, who takes what nobody else may."""
        return self.tiers[TIERS[-1]].owner

    def serves(self, team: str, tier: int) -> bool:
        """Return whether a team works at a tier: its own, or one that it owns.

        A team for data loss or breaches goes where these are: to every tier above its own, too.
        """
        known = self.teams.get(team)
        if known is None:
            return False
        follows = tier > known.tier and not PROTECTED["issue_type"].keys().isdisjoint(
            known.issue_types
        )
        return known.tier == tier or follows or self.tiers[tier].owner == team

    def knows(self, head: str, label: str) -> bool:
        """Return whether the policy says what to do with a label; sentiments need no entry."""
        if head == "issue_type":
            return self.owns(label)
        return head != "severity" or self.severity_of(label) is not None

    def owner_tier(self, issue_type: str | None) -> int:
        """Return the tier that owns an issue type, or the fallback tier."""
        owners = (n for n in TIERS if issue_type in self.tiers[n].owns)
        return next(owners, self.fallback.tier)

    def severity_of(self, label: str | None) -> Severity | None:
        """Return the severity that a model's label means here, None when the policy can't say."""
        return None if label is None else self._severities.get(label)

    @cached_property
    def _severities(self) -> dict[str, Severity]:
        return {level.value: level for level in Severity} | self.severity_names
