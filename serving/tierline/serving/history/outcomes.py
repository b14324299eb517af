"""What became of tickets: promises kept, and tickets that came back."""

from collections import Counter
from typing import Any

from tierline.serving.history.life import Life
from tierline.serving.history.promises import Promises
from tierline.serving.history.volumes import UNNAMED, most_first


class Outcomes:
    """Promises kept, by the log's own word and by the policy's times; and reopened tickets."""

    def __init__(self, promises: Promises) -> None:
        self._promises = promises
        self._kept: dict[str, Counter[str]] = {"priority": Counter(), "type": Counter()}
        self._known: dict[str, Counter[str]] = {"priority": Counter(), "type": Counter()}
        self._policy_kept: Counter[int] = Counter()
        self._policy_known: Counter[int] = Counter()
        self._reopened: Counter[str] = Counter()
        self._of: Counter[str] = Counter()
        self.reopened_tickets = self.reopened_times = 0

    def add(self, life: Life) -> None:
        """Count one ticket."""
        kind = life.type or UNNAMED
        self._of[kind] += 1
        if life.reopened:
            self.reopened_tickets += 1
            self.reopened_times += life.reopened
            self._reopened[kind] += 1
        if life.sla is not None:
            for name, value in (("priority", life.priority or UNNAMED), ("type", kind)):
                self._known[name][value] += 1
                self._kept[name][value] += life.sla
        self._add_policy(life)

    def _add_policy(self, life: Life) -> None:
        """Compare with the time of the tier that had it last; too late is known while open."""
        last = life.held[-1] if life.held else None
        if last is None or (tier := last.tier) is None:
            return
        due = self._promises.resolve_by(life.start, last.team, tier, life.priority)
        within = life.end <= due
        if life.ended or not within:
            self._policy_known[tier] += 1
            self._policy_kept[tier] += life.ended and within

    def as_json(self) -> dict[str, Any]:
        """Return the counts: ``kept`` of ``known``."""
        known = self._known["priority"].total()
        return {
            "sla": {
                "kept": self._kept["priority"].total() if known else None,
                "known": known,
                "by_priority": self._table("priority", sorted(self._known["priority"])),
                "by_type": self._table("type", [k for k, _ in most_first(self._known["type"])]),
            },
            "policy": {
                "kept": self._policy_kept.total(),
                "known": self._policy_known.total(),
                "by_tier": [
                    {
                        "tier": tier,
                        "within_hours": self._promises.resolve_within[tier] / 3600,
                        "kept": self._policy_kept[tier],
                        "known": self._policy_known[tier],
                    }
                    for tier in sorted(self._policy_known)
                ],
            },
            "reopened": {
                "tickets": self.reopened_tickets,
                "times": self.reopened_times,
                "by_type": [
                    {"name": name, "tickets": n, "of": self._of[name]}
                    for name, n in most_first(self._reopened)
                ],
            },
        }

    def _table(self, by: str, names: list[str]) -> list[dict[str, Any]]:
        return [{"name": n, "kept": self._kept[by][n], "known": self._known[by][n]} for n in names]
