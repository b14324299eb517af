"""What another policy or model would change, asked of the decisions that were made."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tierline.data.errors import InputError
from tierline.models.runtime.prediction import Prediction
from tierline.models.runtime.predictor import Predictor
from tierline.serving.policy import Policy
from tierline.serving.routing.known_labels import refuse_unknown_labels
from tierline.serving.store.decisions import Archive, Stored
from tierline.serving.store.remembered import Json, as_json, recommend_again, ticket_of

#: Fields that change with every switch, or say in numbers what other fields say in words.
_NOT_COMPARED: Final = {"policy_version", "model_version", "alternatives"}
_CONFIDENCE: Final = "_confidence"


@dataclass(frozen=True)
class Change:
    """One decision that would come out otherwise; rules are ids of reasons.

    ``redacted`` says that words were taken out before they were stored, so another model reads
    less than it would have read.
    """

    decision: str
    decided_at: str
    tier_before: int
    tier_after: int
    gained: tuple[str, ...]
    dropped: tuple[str, ...]
    fields: tuple[str, ...]
    redacted: bool


@dataclass
class Difference:
    """All changes. ``unlike`` decisions don't replay here: their stored answer is another."""

    compared: int = 0
    unlike: int = 0
    changes: list[Change] = field(default_factory=list)

    @property
    def moves(self) -> Counter[tuple[int, int]]:
        """How many changed decisions go from which tier to which; some stay at theirs."""
        return Counter((change.tier_before, change.tier_after) for change in self.changes)

    @property
    def fields(self) -> Counter[str]:
        """In how many decisions which field of the answer changes."""
        return Counter(name for change in self.changes for name in change.fields)

    @property
    def reasons(self) -> Counter[tuple[str, str]]:
        """How many changed decisions gained or lost which rule: ``("+" or "-", rule)``."""
        signs = (
            (s, r)
            for c in self.changes
            for s, rules in (("+", c.gained), ("-", c.dropped))
            for r in rules
        )
        return Counter(signs)


def difference(
    archive: Archive,
    start: datetime,
    policy: Policy | None,
    predictor: Predictor | None,
    progress: Callable[[int], None],
) -> Difference:
    """Make the decisions since ``start`` again, as they were and with another policy or model.

    Both sides run on this code and on the stored words, so that only the switch shows.

    Raises:
        PolicyError: when the policy doesn't know labels of the model.
    """
    if predictor is not None and policy is not None:
        refuse_unknown_labels(policy, predictor.manifest.heads, predictor.version)
    found = Difference()
    for page in archive.since(start):
        for stored, said in zip(page, _said(page, predictor), strict=True):
            _compare(found, stored, policy or stored.policy, said)
        progress(found.compared)
    return found


def write_changes(changes: Sequence[Change], path: Path) -> None:
    """Write the list of changes as ``.json`` or ``.csv``.

    Raises:
        InputError: for another ending.
    """
    refuse_ending(path)
    rows = [asdict(change) for change in changes]
    if path.suffix.lower() == ".json":
        path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [f.name for f in fields(Change)])
        writer.writeheader()
        writer.writerows(
            {n: " ".join(v) if isinstance(v, tuple) else v for n, v in row.items()} for row in rows
        )


def refuse_ending(path: Path) -> None:
    """Refuse an output file that is neither JSON nor CSV.

    Raises:
        InputError: naming the endings.
    """
    if path.suffix.lower() not in {".json", ".csv"}:
        raise InputError(f"--out: expected a file ending in .json or .csv; found {path.name}")


def _said(
    page: Sequence[Stored], predictor: Predictor | None
) -> Iterator[Prediction | None] | list[Prediction]:
    if predictor is None:
        return iter([None] * len(page))
    return predictor.predict([ticket_of(stored.row) for stored in page])


def _compare(found: Difference, stored: Stored, policy: Policy, said: Prediction | None) -> None:
    row = stored.row
    before = as_json(recommend_again(row, stored.policy, stored.thresholds))
    after = as_json(recommend_again(row, policy, stored.thresholds, said))
    found.compared += 1
    found.unlike += before != row["recommendation"]
    rules = [[reason["rule"] for reason in answer["reasons"]] for answer in (before, after)]
    changed = [name for name in after if _matters(name) and before[name] != after[name]]
    if rules[0] != rules[1]:
        changed.append("reasons")
    if changed:
        found.changes.append(_change(row, before, after, rules, changed))


def _matters(name: str) -> bool:
    return name not in {*_NOT_COMPARED, "reasons"} and not name.endswith(_CONFIDENCE)


def _change(
    row: Json, before: Json, after: Json, rules: Sequence[Sequence[str]], changed: list[str]
) -> Change:
    old, new = rules
    at: Any = row["decided_at"]
    return Change(
        decision=row["id"],
        decided_at=at.isoformat(),
        tier_before=before["tier"],
        tier_after=after["tier"],
        gained=tuple(rule for rule in new if rule not in old),
        dropped=tuple(rule for rule in old if rule not in new),
        fields=tuple(changed),
        redacted=bool(row["taken_out"]),
    )
