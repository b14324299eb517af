"""The life of labels: which were renamed, merged or retired, and what old rows become by it.

A labels file is TOML with a table per head and in it one per label that has a history::

    [issue_type.network]
    renamed_from = ["connectivity"]     # old rows say "connectivity": they are read as network

    [issue_type.vpn]
    merged_into = "network"             # no longer a label of its own

    [issue_type.fax]
    retired = true                      # given no more, and nothing takes its place

Labels without a history need no table. An empty one names a label of your own that others are
merged into. The defaults of `labels` are known.
"""

import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tierline.data.errors import InputError
from tierline.data.label_history import checked
from tierline.data.labels import HEADS
from tierline.data.rows import Row


@dataclass
class Relabelling:
    """What a label book did to rows, in counts: by head, old label and new one."""

    renamed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    lost: Counter[tuple[str, str]] = field(default_factory=Counter)
    left_out: int = 0

    def lines(self) -> list[str]:
        """Return it for people, one change a line."""
        lines = [
            f"labels: {head} {old} read as {new} in {n} rows"
            for (head, old, new), n in sorted(self.renamed.items())
        ]
        lines += [
            f"labels: {head} {old} is retired: {n} rows lost it"
            for (head, old), n in sorted(self.lost.items())
        ]
        if self.left_out:
            lines.append(f"labels: {self.left_out} rows had no other label and are left out")
        return lines


@dataclass(frozen=True)
class LabelBook:
    """Which names are labels no more: ``becomes`` maps each, by head, to its successor.

    None stands for a label that is retired without one. A book without entries changes nothing.
    """

    becomes: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)

    def gone(self, head: str) -> frozenset[str]:
        """Return the names that are labels no more: a model trained by the book has none."""
        return frozenset(self.becomes.get(head, ()))

    @property
    def digest(self) -> str:
        """SHA-256 of what the book says, whatever its layout, order and comments."""
        content = {head: dict(names) for head, names in self.becomes.items() if names}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """Return plain data: the digest, and each old name with its successor."""
        return {"digest": self.digest, "becomes": {h: dict(n) for h, n in self.becomes.items()}}

    def present(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Return one row's labels under their present names; those that are gone are left out."""
        return dict(self._present(labels, Relabelling()))

    def rewrite(
        self, rows: Iterable[Row], *, keep_bare: bool = False
    ) -> tuple[list[Row], Relabelling]:
        """Return the rows under their present labels, and the count of what changed.

        A row that loses its only label is left out, unless rows are to be kept bare (for a
        correction to come); every other row is kept, in order.

        Raises:
            InputError: when no row is left.
        """
        kept, counts = [], Relabelling()
        for row in rows:
            labels = dict(self._present(row.labels, counts))
            if labels or not row.labels or keep_bare:
                kept.append(row if labels == row.labels else replace(row, labels=labels))
            else:
                counts.left_out += 1
        if counts.left_out and not kept:
            raise InputError(
                f"expected labels that are in use; all {counts.left_out} rows carry only retired "
                'ones. Give these a successor in the labels file: merged_into = "…"'
            )
        return kept, counts

    def _present(self, labels: Mapping[str, str], counts: Relabelling) -> Iterable[tuple[str, str]]:
        for head, label in labels.items():
            new = self.becomes.get(head, {}).get(label, label)
            if new is None:
                counts.lost[head, label] += 1
                continue
            if new != label:
                counts.renamed[head, label, new] += 1
            yield head, new


def read_label_book(path: Path | None) -> LabelBook:
    """Return the book that a labels file writes down; without a file, one that changes nothing.

    Raises:
        InputError: naming the key's path, what was expected and what was found.
    """
    if path is None:
        return LabelBook()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"--labels: {path}: can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"--labels: {path}: expected TOML in UTF-8: {error}") from None
    becomes, problems = checked(data)
    if problems:
        raise InputError(f"--labels: {path}:\n  " + "\n  ".join(problems))
    return LabelBook({head: becomes[head] for head in HEADS if becomes.get(head)})
