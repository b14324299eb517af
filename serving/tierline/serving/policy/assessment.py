"""The escalation guideline as data: what makes a ticket grave, and which tier that asks for."""

from functools import cached_property
from itertools import chain

from pydantic import Field, model_validator

from tierline.data.ticket import DIMENSIONS
from tierline.serving.policy.rules import Condition, Conditions, Strict, Tier


class LevelRule(Strict):
    """A level from 1 to 3 that a dimension has at least where the condition holds.

    ``stated``: it rests on what a person found out, and counts as if set by hand.
    """

    level: int = Field(ge=1, le=3)
    when: Conditions = Field(min_length=1)
    stated: bool = False


class Ask(Strict):
    """A tier that is asked for at least, once all the given levels and the total are reached.

    It counts only where a person stated one of the levels that it rests on.
    """

    tier: Tier
    total: int | None = Field(default=None, ge=1, le=12)
    customer_impact: int | None = Field(default=None, ge=1, le=3)
    technical_complexity: int | None = Field(default=None, ge=1, le=3)
    business_risk: int | None = Field(default=None, ge=1, le=3)
    time_sensitivity: int | None = Field(default=None, ge=1, le=3)

    @model_validator(mode="after")
    def _asks_something(self) -> "Ask":
        if self.total is None and not self.levels:
            raise ValueError(f"expected at least one of total, {', '.join(DIMENSIONS)}")
        return self

    @cached_property
    def levels(self) -> dict[str, int]:
        """The levels to be reached, by dimension."""
        levels = {name: getattr(self, name) for name in DIMENSIONS}
        return {name: level for name, level in levels.items() if level is not None}


class AssessmentPolicy(Strict):
    """The rules of each dimension, and what asks for a tier."""

    customer_impact: tuple[LevelRule, ...] = ()
    technical_complexity: tuple[LevelRule, ...] = ()
    business_risk: tuple[LevelRule, ...] = ()
    time_sensitivity: tuple[LevelRule, ...] = ()
    asks: tuple[Ask, ...] = ()

    @cached_property
    def stated(self) -> tuple[Condition, ...]:
        """The conditions of the rules that rest on what a person found out."""
        rules = chain.from_iterable(map(self.rules, DIMENSIONS))
        return tuple(chain.from_iterable(rule.when for rule in rules if rule.stated))

    def rules(self, dimension: str) -> tuple[LevelRule, ...]:
        """Return the rules of one dimension."""
        found: tuple[LevelRule, ...] = getattr(self, dimension)
        return found


class AdvicePolicy(Strict):
    """The help desk's words for a ticket whose matter is settled, whatever their case.

    ``step_down_on``: the fault is gone or a way round was given; ``close_on``: nothing is left.
    """

    step_down_on: tuple[str, ...] = ()
    close_on: tuple[str, ...] = ()
