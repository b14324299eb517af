"""Which tickets a training knew, by hash, with their part and labels: the run's ledger.

The next retraining needs it: to measure the champion only on tickets that it didn't learn from,
and to see when known tickets come back under other labels. It holds no words; somebody who has a
ticket's exact words can tell that it is in there.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tierline.data.label_book import LabelBook
from tierline.data.normalise import full_text
from tierline.data.rows import Row
from tierline.data.splitting import SPLITS, fingerprint

#: Where it lies among a run's artefacts.
LEDGER: Final = "data/ledger.jsonl"
_HEX_DIGITS: Final = 24


@dataclass(frozen=True)
class Ledger:
    """What a model's training knew.

    ``learnt`` are the starts (see `splitting.fingerprint`) of the tickets it trained or was
    calibrated on; ``labels`` every ticket's labels, held-out ones included; ``taught`` the
    labels that at least one training ticket carried, by head. All keys are hashes.
    """

    learnt: frozenset[str]
    labels: Mapping[str, Mapping[str, str]]
    taught: Mapping[str, frozenset[str]]

    def under(self, book: LabelBook) -> "Ledger":
        """Return the ledger with its labels under their present names."""
        labels = {text: book.present(labels) for text, labels in self.labels.items()}
        taught = {head: names - book.gone(head) for head, names in self.taught.items()}
        return replace(self, labels=labels, taught=taught)

    def learnt_from(self, row: Row) -> bool:
        """Return whether the model learnt from the ticket or from one that begins alike."""
        return _hash(fingerprint(row)) in self.learnt

    def labels_of(self, row: Row) -> Mapping[str, str]:
        """Return the labels that the ticket had when the model was trained; none if unknown."""
        return self.labels.get(_hash(full_text(row.ticket)), {})


def taught(rows: Sequence[Row]) -> dict[str, frozenset[str]]:
    """Return the labels that at least one of the rows carries, by head."""
    return _by_head(row.labels for row in rows)


def write_ledger(parts: Mapping[str, Sequence[Row]]) -> str:
    """Return the ledger of a corpus as JSON Lines."""
    lines = (
        {
            "start": _hash(fingerprint(row)),
            "text": _hash(full_text(row.ticket)),
            "part": part,
            "labels": dict(row.labels),
        }
        for part, rows in parts.items()
        for row in rows
    )
    return "".join(json.dumps(line) + "\n" for line in lines)


def read_ledger(text: str) -> Ledger:
    """Read what `write_ledger` wrote."""
    lines = [json.loads(line) for line in text.splitlines()]
    return Ledger(
        frozenset(line["start"] for line in lines if line["part"] != SPLITS[2]),
        {line["text"]: line["labels"] for line in lines},
        _by_head(line["labels"] for line in lines if line["part"] == SPLITS[0]),
    )


def _by_head(labels: Iterable[Mapping[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for one in labels:
        for head, label in one.items():
            found.setdefault(head, set()).add(label)
    return {head: frozenset(names) for head, names in found.items()}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_HEX_DIGITS]
