"""A labelled corpus in memory: what training and evaluation work on."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tierline.data.digest import sha256
from tierline.data.errors import InputError
from tierline.data.feedback import is_waiting
from tierline.data.label_book import LabelBook, Relabelling
from tierline.data.labels import HEADS
from tierline.data.normalise import full_text
from tierline.data.quarantine import Quarantine
from tierline.data.readers import TicketFile
from tierline.data.rows import BadRow, Row
from tierline.data.splitting import SPLITS, assign_splits, validation_from_train

_NO_LABEL: Final = f"expected a label: {', '.join(HEADS)}"


@dataclass(frozen=True)
class Corpus:
    """Rows by part (train, validation, test), and the SHA-256 of each file they came from.

    The labels are those in use by ``book``; ``relabelling`` counts the rows it changed.
    """

    parts: Mapping[str, tuple[Row, ...]]
    digests: Mapping[str, str]
    book: LabelBook = field(default_factory=LabelBook)
    relabelling: Relabelling = field(default_factory=Relabelling)

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads that at least one training row answers, in the vocabulary's order."""
        return tuple(h for h in HEADS if any(h in row.labels for row in self.parts["train"]))


def read_rows(
    paths: Iterable[Path],
    mapping: Mapping[str, str],
    quarantine: Quarantine,
    need_labels: bool = True,
) -> list[Row]:
    """Read every usable labelled row; rows without words or without labels are quarantined.

    Rows of a blind sample that nobody has labelled yet are skipped and counted. Without
    ``need_labels`` other rows without labels are returned too.

    Raises:
        InputError: for a file that is unusable as a whole, or when no row is left.
    """
    rows: list[Row] = []
    reasons: Counter[str] = Counter()

    def refuse(row: BadRow, path: Path) -> None:
        quarantine.add(row, path)
        reasons[row.reason] += 1

    for path in paths:
        for row in TicketFile(path, mapping):
            if isinstance(row, BadRow):
                refuse(row, path)
            elif not full_text(row.ticket):
                refuse(BadRow(row.number, "expected words; the text is empty"), path)
            elif is_waiting(row):
                quarantine.waiting += 1
            elif need_labels and not row.labels:
                refuse(BadRow(row.number, _NO_LABEL), path)
            else:
                rows.append(row)
    if not rows and quarantine.waiting:
        raise InputError(
            f"expected labelled tickets; none of the {quarantine.waiting} rows of this blind "
            f"sample is labelled yet: fill in the columns {', '.join(HEADS)}"
        )
    if not rows:
        raise InputError(
            f"expected labelled tickets; found no usable row{_mostly(reasons)}. Labels are read "
            f"from the columns {', '.join(HEADS)}, or from others with --map issue_type=COLUMN"
        )
    return rows


def _mostly(reasons: Counter[str]) -> str:
    """Return why most rows were refused, unless it is what the message says anyway."""
    for reason, count in reasons.most_common(1):
        if reason != _NO_LABEL:
            return f" ({count} of {reasons.total()}: {reason})"
    return ""


def load_corpus(
    paths: Sequence[Path],
    mapping: Mapping[str, str],
    quarantine: Quarantine,
    seed: int,
    book: LabelBook = LabelBook(),  # noqa: B008 (frozen)
) -> Corpus:
    """Read files and divide them into parts: by their ``split`` column, or grouped and seeded.

    Where that column names a train and a test part only, validation is taken from train.
    ``book`` says which old labels are read as which of today's.

    Raises:
        InputError: as `read_rows` and `LabelBook.rewrite`; also when the training or validation
            part stays empty.
    """
    rows, relabelling = book.rewrite(read_rows(paths, mapping, quarantine))
    parts = assign_splits(rows, seed)
    train, validation, test = (parts[name] for name in SPLITS)
    if train and test and not validation:
        parts["train"], parts["validation"] = validation_from_train(train, seed)
    for name in SPLITS[:2]:
        if not parts[name]:
            raise InputError(
                f"expected rows for the {name} part; found none. Fix the 'split' column "
                f"({', '.join(SPLITS)}), or drop it and let Tierline divide the rows"
            )
    return Corpus(parts, digests_of(paths), book, relabelling)


def digests_of(paths: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of each file by its name; by its whole path where a name comes twice."""
    digests: dict[str, str] = {}
    for path in paths:
        digests[str(path) if path.name in digests else path.name] = sha256(path)
    return digests
