"""One test's result, and how it is judged among the others."""

from dataclasses import dataclass
from typing import Any, Protocol

from tierline.training.drift.limits import Limits


class Shift(Protocol):
    """What one test found."""

    @property
    def kind(self) -> str:
        """What is compared: input, labels or confidence."""

    @property
    def head(self) -> str | None:
        """The head whose answers are compared."""

    @property
    def p_value(self) -> float:
        """The chance of so clear a difference, were the files alike."""

    def drifted(self, level: float, limits: Limits) -> bool:
        """Whether the difference is significant at ``level`` and large enough."""

    def effect(self) -> str:
        """Return the size of the difference in a few words."""

    def sentences(self, level: float, limits: Limits) -> list[str]:
        """Return what changed, in plain words."""

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """One test's result and the level it is judged at: 0 when it fails among the others."""

    shift: Shift
    level: float
    limits: Limits

    @property
    def significant(self) -> bool:
        """Whether chance is no good explanation."""
        return self.shift.p_value <= self.level

    @property
    def drift(self) -> bool:
        """Whether it is significant and large enough."""
        return self.shift.drifted(self.level, self.limits)

    @property
    def sentences(self) -> list[str]:
        """What changed, in plain words."""
        return self.shift.sentences(self.level, self.limits) if self.drift else []

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        s = self.shift
        told = {"kind": s.kind, "head": s.head, "p_value": s.p_value, "level": self.level}
        return told | {"significant": self.significant, "drift": self.drift} | s.as_json()
