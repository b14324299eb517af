"""What an answer says of the escalation guideline, and of what would change its tier."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

_FROZEN: Final = ConfigDict(frozen=True, hide_input_in_errors=True)


class Level(BaseModel):
    """One dimension's level, 0 (none) to 3 (grave), and the fields and words that gave it."""

    model_config = _FROZEN

    level: int = Field(default=0, ge=0, le=3)
    evidence: tuple[str, ...] = ()
    by_hand: bool = False


class Assessment(BaseModel):
    """The four questions of the manual escalation guideline; ``total`` is from 0 to 12.

    The clock is no part of it: triggers ask about waiting.
    """

    model_config = _FROZEN

    customer_impact: Level = Level()
    technical_complexity: Level = Level()
    business_risk: Level = Level()
    time_sensitivity: Level = Level()
    total: int = Field(default=0, ge=0, le=12)


class Change(BaseModel):
    """One fact that, were it so, would lead to another tier: ``fact`` set to ``value``."""

    model_config = _FROZEN

    text: str
    tier: int = Field(ge=1, le=4)
    fact: str
    value: str
