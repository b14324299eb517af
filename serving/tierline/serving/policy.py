"""The policy: tiers, owners, response times and flat ordered rules, read from TOML."""

import hashlib
import json
import re
import tomllib
from datetime import timedelta
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    model_validator,
)

from tierline.data.errors import PolicyError
from tierline.data.labels import PROTECTED, Severity
from tierline.data.ticket import CustomerTier

Tier = Annotated[int, Field(ge=1, le=4)]
TIERS: Final = (1, 2, 3, 4)
_DURATION: Final = re.compile(r"([0-9]{1,5})\s*([mhd])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
#: Ids under these are the code's own, so that callers can rely on what they mean.
_RESERVED: Final = ("safety.", "caution.", "lock.", "advice.", "labels.")


def _duration(value: object) -> object:
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError('expected a duration such as "15m", "2h" or "3d"')
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def duration_text(value: timedelta) -> str:
    """Return a duration as the policy writes it: ``15m``, ``2h``, ``90m``."""
    minutes = int(value.total_seconds() // 60)
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(duration_text)]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, dict) else value


Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TierPolicy(_Strict):
    """One tier: who owns it, which issue types start there, and what is expected of it."""

    name: str
    owner: str
    owns: tuple[str, ...]
    resolve_within: Duration
    expected_escalation: float = Field(ge=0, le=1)


class Condition(_Strict):
    """Every key that is given must hold; an empty condition always holds.

    ``phrases`` are searched in the ticket's words, whatever their case.
    """

    severity: tuple[Severity, ...] | None = None
    issue_type: tuple[str, ...] | None = None
    sentiment: tuple[str, ...] | None = None
    channel: tuple[str, ...] | None = None
    customer_tier: tuple[CustomerTier, ...] | None = None
    waited_over: Duration | None = None
    attempts_over: int | None = Field(default=None, ge=0)
    order_value_over: float | None = Field(default=None, ge=0)
    phrases: tuple[Phrase, ...] | None = Field(default=None, min_length=1)


Conditions = Annotated[tuple[Condition, ...], BeforeValidator(_as_list)]
RuleId = Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")]


class EntryRule(_Strict):
    """Where a ticket enters: ``path`` lists tiers, rising; empty means the standard path."""

    id: RuleId
    text: str
    when: Conditions = (Condition(),)
    path: tuple[Tier, ...]

    @model_validator(mode="after")
    def _rising(self) -> "EntryRule":
        if list(self.path) != sorted(set(self.path)):
            raise ValueError("expected tiers that rise, such as [2, 3]")
        return self


class Trigger(_Strict):
    """What raises a ticket: at least to a tier, by so many tiers; and whom to tell."""

    id: RuleId
    text: str
    when: Conditions
    raise_to: Tier | None = None
    raise_by: int = Field(default=0, ge=0, le=3)
    notify: tuple[str, ...] = ()
    lane: str | None = None


class Fallback(_Strict):
    """What holds for an issue type that no tier owns, and for an unknown severity."""

    tier: Tier
    severity: Severity


class SafetyPolicy(_Strict):
    """How fast safety hits are answered. That they go to tier 3 is code, not policy."""

    respond_as: Literal[Severity.P1, Severity.P2]


class RetiredLabels(_Strict):
    """Labels that are given no more, by head, whatever a model learnt before they were retired."""

    severity: tuple[str, ...] = ()
    issue_type: tuple[str, ...] = ()
    sentiment: tuple[str, ...] = ()

    def by_head(self) -> dict[str, tuple[str, ...]]:
        """Return the retired labels by head."""
        return {head: getattr(self, head) for head in type(self).model_fields}


class GatePolicy(_Strict):
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


class Policy(_Strict):
    """The whole escalation process. ``version`` is its name with a hash of its content."""

    name: str
    currency: str
    tiers: dict[Tier, TierPolicy]
    respond_within: dict[Severity, Duration]
    fallback: Fallback
    safety: SafetyPolicy
    severity_names: dict[str, Severity]
    retired_labels: RetiredLabels
    gate: GatePolicy
    entry: tuple[EntryRule, ...]
    triggers: tuple[Trigger, ...]

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
        ids = [rule.id for rule in self.entry] + [trigger.id for trigger in self.triggers]
        if twice := {i for i in ids if ids.count(i) > 1}:
            raise ValueError(f"rule ids are unique; found twice: {sorted(twice)}")
        if reserved := [i for i in ids if i.startswith(_RESERVED)]:
            raise ValueError(f"ids under {', '.join(_RESERVED)} are reserved; found {reserved}")
        if not self.entry or self.entry[-1].when != (Condition(),):
            raise ValueError("entry: the last rule must match every ticket: give it no 'when'")
        return self

    @cached_property
    def version(self) -> str:
        """The name with the first 12 digits of a hash over the content."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return f"{self.name}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"

    def owns(self, issue_type: str) -> bool:
        """Return whether some tier owns an issue type."""
        return any(issue_type in tier.owns for tier in self.tiers.values())

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
        if label in self.severity_names:
            return self.severity_names[label]
        return Severity(label) if label in set(Severity) else None


def load_policy(path: Path | None = None) -> Policy:
    """Return the default policy, overridden by the file when one is given.

    Raises:
        PolicyError: naming the key's path, what was expected and what was found.
    """
    default = tomllib.loads(
        resources.files("tierline.serving").joinpath("default_policy.toml").read_text("utf-8")
    )
    own: dict[str, Any] = {}
    if path is not None:
        try:
            own = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise PolicyError(f"{path}: can't be read: {error.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise PolicyError(f"{path}: expected TOML in UTF-8: {error}") from None
    try:
        return Policy.model_validate(_merged(default, own))
    except ValidationError as error:
        lines = [_problem(dict(e)) for e in error.errors()]
        raise PolicyError(f"{path or 'default policy'}:\n  " + "\n  ".join(lines)) from None


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    both = {
        k: _merged(base[k], own[k])
        for k in base.keys() & own.keys()
        if isinstance(base[k], dict) and isinstance(own[k], dict)
    }
    return base | own | both


def _problem(error: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"] if part != "[key]") or "policy"
    if error["type"] == "extra_forbidden":
        return f"{where}: unknown key; see 'tierline policy show --toml' for those that exist"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}"
