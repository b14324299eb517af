"""Tickets without their repeats: each once, under the newest labels.

Two rows are one ticket when both begin with the same 60 letters and digits (see
`splitting.fingerprint`) and have the same id or read nearly alike. The same start alone isn't
enough: forms and alarms of one kind all begin alike, and are many tickets.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from rapidfuzz import fuzz

from tierline.data.feedback import Correction
from tierline.data.normalise import full_text
from tierline.data.rows import Row
from tierline.data.splitting import SPLITS, fingerprint, split_of

#: Per cent of letters alike (indel similarity) from which on two texts are one ticket.
ALIKE: Final = 95.0
_COMPARED_CHARS: Final = 2_000
#: Tickets of one start that a row is compared with, the newest ones: keeps the work linear.
_COMPARED_ROWS: Final = 50


class TicketPool:
    """Rows merged as they come; a later row's labels replace an earlier one's, head by head.

    ``repeats`` counts the rows that were a ticket already there.
    """

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        self.repeats = 0
        self._rows: list[Row] = []
        self._texts: list[str] = []
        self._corrected: dict[int, dict[str, str]] = {}
        self._starts: dict[str, list[int]] = {}
        self._ids: dict[str, set[int]] = {}
        for row in rows:
            self.add(row)

    def add(self, row: Row) -> None:
        """Add a row, or merge it into the ticket that it repeats."""
        known = self._same(row)
        if known is None:
            self._append(row)
        else:
            self.repeats += 1
            self._rows[known] = _merged(self._rows[known], row)
            self._name(row, known)

    def correct(self, correction: Correction) -> bool:
        """Let a correction's evidence replace the ticket's labels; add the ticket if it is new.

        Returns whether the correction names a ticket: False for an id that no ticket has, or
        several have, in a row without words.
        """
        row = replace(correction.row, labels=correction.evidence)
        ids = self._ids.get(row.ticket.id or "", set()) if row.named else set()
        known = next(iter(ids)) if len(ids) == 1 else None
        if known is None and correction.has_words:
            known = self._same(row)
            if known is None:
                known = self._append(_as_filed(row, correction))
        if known is None:
            return False
        self._corrected.setdefault(known, {}).update(row.labels)
        return True

    def labelled(self) -> Iterator[tuple[Row, Mapping[str, str]]]:
        """Yield every ticket that has a label, with those of its labels that people corrected."""
        for i, row in enumerate(self._rows):
            corrected = self._corrected.get(i, {})
            labels = {**row.labels, **corrected}
            if labels:
                yield replace(row, labels=labels), corrected

    def _same(self, row: Row) -> int | None:
        """Return the position of the ticket that the row repeats."""
        text = _text(row)
        mine = self._ids.get(row.ticket.id or "", set()) if row.named else set()
        for i in reversed(self._starts.get(fingerprint(row), [])[-_COMPARED_ROWS:]):
            if i in mine or fuzz.ratio(text, self._texts[i], score_cutoff=ALIKE) >= ALIKE:
                return i
        return None

    def _append(self, row: Row) -> int:
        position = len(self._rows)
        self._rows.append(row)
        self._texts.append(_text(row))
        self._starts.setdefault(fingerprint(row), []).append(position)
        self._name(row, position)
        return position

    def _name(self, row: Row, position: int) -> None:
        if row.named and row.ticket.id:
            self._ids.setdefault(row.ticket.id, set()).add(position)


def _as_filed(row: Row, correction: Correction) -> Row:
    """Return a ticket that only feedback knows: unlabelled, filed when corrected at the latest."""
    filed = row.ticket.created_at or correction.corrected_at
    return replace(row, labels={}, ticket=row.ticket.model_copy(update={"created_at": filed}))


def _text(row: Row) -> str:
    return " ".join(full_text(row.ticket)[:_COMPARED_CHARS].casefold().split())


def _merged(old: Row, new: Row) -> Row:
    """Return the newer row with the labels of both; what is held out once stays held out."""
    extra = {**old.extra, **new.extra}
    if SPLITS[2] in {split_of(old), split_of(new)}:
        extra["split"] = SPLITS[2]
    return replace(new, labels={**old.labels, **new.labels}, extra=extra)
