"""Corrections by people: what they say, where they come from, and which of them are evidence.

A feedback file has one row per correction: ``id`` of a known ticket or the ticket's own words,
the labels that are right, ``origin``, and where known ``corrected_at`` and the model's answer
(``model_severity``, ``model_issue_type``, ``model_sentiment``).

A person who is shown an answer tends to agree with it. So a label that repeats the model's own
answer says little of the truth: it is counted and not learnt from. In a blind sample the person
didn't see the answer; there an equal label is evidence like any other.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from tierline.data.errors import RowError
from tierline.data.labels import HEADS
from tierline.data.normalise import full_text
from tierline.data.quarantine import Quarantine
from tierline.data.readers import TicketFile
from tierline.data.rows import BadRow, Row
from tierline.data.ticket import utc_when_naive


class Origin(StrEnum):
    """Where a correction comes from.

    ``human``: somebody who saw the model's answer. ``blind_sample``: somebody who didn't.
    ``import``: another system's labels.
    """

    HUMAN = "human"
    BLIND_SAMPLE = "blind_sample"
    IMPORT = "import"


_ANSWERS: Final = {head: f"model_{head}" for head in HEADS}
FEEDBACK_FIELDS: Final = ("origin", "corrected_at", *_ANSWERS.values())


@dataclass(frozen=True)
class Correction:
    """One row of feedback; ``answered`` is what the model said, by head, where that is known."""

    row: Row
    origin: Origin
    corrected_at: datetime | None = None
    answered: Mapping[str, str] = field(default_factory=dict)

    @property
    def evidence(self) -> dict[str, str]:
        """The labels that say something of the truth, by head."""
        return {h: label for h, label in self.row.labels.items() if not self._repeats(h, label)}

    @property
    def has_words(self) -> bool:
        """Whether the row brings the ticket's words, and not its id alone."""
        return bool(full_text(self.row.ticket))

    def _repeats(self, head: str, label: str) -> bool:
        return self.origin is not Origin.BLIND_SAMPLE and self.answered.get(head) == label


@dataclass(frozen=True)
class Agreement:
    """How often the model's answers of one head were right, by who judged them.

    ``blind`` is the honest figure. ``seen`` is how often people who saw the answer left it: more,
    because people tend to agree with what they are shown. Pairs are (right, judged).
    """

    blind: tuple[int, int]
    seen: tuple[int, int]


def read_feedback(paths: Iterable[Path], quarantine: Quarantine) -> list[Correction]:
    """Read corrections, the oldest first; those without a date come before all others.

    Rows that can't be used are quarantined with the reason.

    Raises:
        InputError: for a file that is unusable as a whole.
    """
    found: list[Correction] = []
    for path in paths:
        for row in TicketFile(path, more=FEEDBACK_FIELDS, need_words=False):
            if isinstance(row, BadRow):
                quarantine.add(row, path)
                continue
            if is_waiting(row):
                quarantine.waiting += 1
                continue
            try:
                found.append(_correction(row))
            except RowError as error:
                quarantine.add(BadRow(row.number, str(error)), path)
    return sorted(found, key=lambda c: c.corrected_at.timestamp() if c.corrected_at else -1e18)


def is_waiting(row: Row) -> bool:
    """Return whether a row of a blind sample has still to be labelled."""
    return not row.labels and row.extra.get("origin") == Origin.BLIND_SAMPLE


def agreement(corrections: Iterable[Correction]) -> dict[str, Agreement]:
    """Return, by head, how the model's answers fared in blind samples and before people's eyes."""
    counts = Counter(judged for c in corrections for judged in _judged(c))
    heads = [h for h in HEADS if any(head == h for head, _, _ in counts)]

    def pair(head: str, origin: Origin) -> tuple[int, int]:
        right, wrong = counts[head, origin, True], counts[head, origin, False]
        return right, right + wrong

    return {h: Agreement(pair(h, Origin.BLIND_SAMPLE), pair(h, Origin.HUMAN)) for h in heads}


def _judged(correction: Correction) -> Iterator[tuple[str, Origin, bool]]:
    """Yield head, origin and whether the answer was right, for answers that people judged."""
    if correction.origin is Origin.IMPORT:
        return
    for head, label in correction.row.labels.items():
        if head in correction.answered:
            yield head, correction.origin, correction.answered[head] == label


def _correction(row: Row) -> Correction:
    if not row.labels:
        raise RowError(f"expected a label: {', '.join(HEADS)}")
    if not row.named and not full_text(row.ticket):
        raise RowError("expected the ticket's words, or the id of a known ticket")
    try:
        origin = Origin(row.extra.get("origin", "").strip().lower())
    except ValueError:
        raise RowError(f"origin: expected one of {', '.join(Origin)}") from None
    answered = {h: row.extra[name].strip() for h, name in _ANSWERS.items() if name in row.extra}
    return Correction(row, origin, _time(row.extra.get("corrected_at")), answered)


def _time(text: str | None) -> datetime | None:
    try:
        value = None if text is None else utc_when_naive(text)
    except ValueError:
        raise RowError("corrected_at: expected an ISO 8601 time") from None
    return value if isinstance(value, datetime) else None
