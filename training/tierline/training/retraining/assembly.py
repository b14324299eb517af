"""The tickets of one retraining: read, corrected, each once, and divided for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from tierline.data.corpus import Corpus, digests_of, read_rows
from tierline.data.errors import InputError
from tierline.data.feedback import Correction, read_feedback
from tierline.data.gold import divide
from tierline.data.helpdesk.export import ExportMap
from tierline.data.label_book import LabelBook, read_label_book
from tierline.data.merging import TicketPool
from tierline.data.quarantine import Quarantine
from tierline.data.rows import Row
from tierline.data.splitting import SPLITS
from tierline.training.ledger import Ledger

_HELD: Final = SPLITS[2]


@dataclass(frozen=True)
class Sources:
    """Where tickets come from. ``since``: tickets filed before it are left out.

    ``mapping`` says which columns of ``data`` are which fields; ``feedback`` has fixed names.
    ``labels`` is the labels file, for old names in all of them.
    """

    data: Sequence[Path]
    feedback: Sequence[Path] = ()
    since: datetime | None = None
    mapping: Mapping[str, str] | None = None
    labels: Path | None = None

    @property
    def source(self) -> str | None:
        """The help desk that exported ``data``, None for plain files."""
        return self.mapping.export.layout.title if isinstance(self.mapping, ExportMap) else None


@dataclass(frozen=True)
class Assembled:
    """A corpus whose test part is held out for good, and what was found on the way.

    ``relabelled`` of ``known`` labels differ from those that the champion's training knew,
    without a correction.
    """

    corpus: Corpus
    notes: tuple[str, ...]
    corrections: tuple[Correction, ...]
    relabelled: int = 0
    known: int = 0


def assemble(sources: Sources, ledger: Ledger | None, quarantine: Quarantine) -> Assembled:
    """Read the sources into a corpus; ``ledger`` is the champion's, None without one.

    Held-out tickets keep the labels that the champion's training knew, unless a person corrected
    them: otherwise files with spoilt labels would spoil the yardstick too. Those that the
    champion learnt from are left out, for they would flatter it.

    Raises:
        InputError: for unusable files, or when a part stays empty.
    """
    book = read_label_book(sources.labels)
    read = read_rows(sources.data, sources.mapping or {}, quarantine, need_labels=False)
    rows, relabelling = book.rewrite(read, keep_bare=True)
    corrections = [_present(c, book) for c in read_feedback(sources.feedback, quarantine)]
    ledger = ledger and ledger.under(book)
    pool = TicketPool(rows)
    unplaced = sum(not pool.correct(correction) for correction in corrections)
    labelled = list(pool.labelled())
    recent = [pair for pair in labelled if _is_recent(pair[0], sources.since)]
    parts, straddling = divide([row for row, _ in recent])
    corrected = {id(row): labels for row, labels in recent}
    relabelled, known = _changes(parts, corrected, ledger)
    held, learnt = _held_out(parts[_HELD], corrected, ledger)
    whole = {**parts, _HELD: held}
    _need_every_part(whole, learnt)
    counts = {
        "repeats of other rows merged": pool.repeats,
        "tickets before --since left out": len(labelled) - len(recent),
        "tickets left out because a held-out ticket begins alike": straddling,
        "held-out tickets left out because the champion learnt from them": learnt,
        "corrections that name no known ticket left out": unplaced,
    }
    notes = [
        _sizes(whole),
        *relabelling.lines(),
        *(f"{n} {what}" for what, n in counts.items() if n),
    ]
    if corrections:
        notes.append(_evidence(corrections))
    digests = digests_of([*sources.data, *sources.feedback])
    corpus = Corpus(whole, digests, book, relabelling)
    return Assembled(corpus, tuple(notes), tuple(corrections), relabelled, known)


def _present(correction: Correction, book: LabelBook) -> Correction:
    row = replace(correction.row, labels=book.present(correction.row.labels))
    return replace(correction, row=row, answered=book.present(correction.answered))


def _is_recent(row: Row, since: datetime | None) -> bool:
    """Return whether to use a ticket; one without a date always is."""
    filed = row.ticket.created_at
    return since is None or filed is None or filed >= since


def _changes(
    parts: Mapping[str, Sequence[Row]],
    corrected: Mapping[int, Mapping[str, str]],
    ledger: Ledger | None,
) -> tuple[int, int]:
    """Return how many of the labels that the champion knew changed uncorrected, and their count."""
    changed = known = 0
    for row in (row for rows in parts.values() for row in rows):
        before = ledger.labels_of(row) if ledger else {}
        heads = before.keys() & row.labels.keys() - corrected[id(row)].keys()
        known += len(heads)
        changed += sum(before[head] != row.labels[head] for head in heads)
    return changed, known


def _held_out(
    rows: Sequence[Row], corrected: Mapping[int, Mapping[str, str]], ledger: Ledger | None
) -> tuple[tuple[Row, ...], int]:
    """Return the held-out tickets under their frozen labels, and how many the champion learnt."""
    if ledger is None:
        return tuple(rows), 0
    fair = [row for row in rows if not ledger.learnt_from(row)]
    frozen = [
        replace(row, labels={**row.labels, **ledger.labels_of(row), **corrected[id(row)]})
        for row in fair
    ]
    return tuple(frozen), len(rows) - len(fair)


def _need_every_part(parts: Mapping[str, Sequence[Row]], learnt: int) -> None:
    for name, rows in parts.items():
        if rows:
            continue
        why = f" (the champion learnt from all {learnt})" if learnt and name == _HELD else ""
        raise InputError(
            f"expected tickets for the {name} part; found none{why}. Add labelled tickets: each "
            f"goes by its words to {', '.join(SPLITS)} (70 / 15 / 15), or by a 'split' column"
        )


def _sizes(parts: Mapping[str, Sequence[Row]]) -> str:
    train, validation, held = (len(parts[name]) for name in SPLITS)
    return f"tickets: {train} to learn from, {validation} to calibrate on, {held} held out"


def _evidence(corrections: Sequence[Correction]) -> str:
    labels = sum(len(c.row.labels) for c in corrections)
    used = sum(len(c.evidence) for c in corrections)
    return (
        f"corrections: {len(corrections)} with {labels} labels; {labels - used} only repeat what "
        "the model said and are not learnt from"
    )
