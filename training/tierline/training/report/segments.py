"""The same figures for parts of the tickets: who wrote, where, how long, in which language."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tierline.data.normalise import full_text
from tierline.data.rows import Row
from tierline.training.answers import Answers
from tierline.training.report.language import language
from tierline.training.report.shown import shown
from tierline.training.safety_report import Share

NOT_GIVEN: Final = "not given"
OTHERS: Final = "all others"
#: Upper ends of the length bands, in characters.
_LENGTHS: Final = (60, 200, 1_000)
#: The largest groups that are shown by name; the rest are shown together.
_MOST: Final = 15
#: Divisions whose groups have an order of their own; all others begin with the largest group.
_ORDER: Final[dict[str, Callable[[str], Any]]] = {
    "month": str,
    "length": lambda band: int(band.split()[0].replace(",", "")),
}


@dataclass(frozen=True)
class Segment:
    """One group: ``count`` tickets, and by head the share answered rightly of those labelled.

    ``worse`` names the heads whose whole 95% interval lies below the share of all tickets.
    """

    value: str
    count: int
    correct: Mapping[str, Share]
    worse: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        shares = {h: {"hits": s.hits, "count": s.count} for h, s in self.correct.items()}
        return {"value": self.value, "count": self.count, "correct": shares, "worse": self.worse}


@dataclass(frozen=True)
class Segmentation:
    """All tickets divided one way; the segments' counts add up to all tickets."""

    name: str
    segments: tuple[Segment, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {"name": self.name, "segments": [s.as_json() for s in self.segments]}


def segmentations(rows: Sequence[Row], answers: Mapping[str, Answers]) -> tuple[Segmentation, ...]:
    """Divide the rows by channel, customer tier, length, language, industry and month."""
    return tuple(_divide(name, [of(row) for row in rows], answers) for name, of in _WAYS.items())


def length_band(text: str) -> str:
    """Return the band that a text's length falls in."""
    low = 0
    for high in _LENGTHS:
        if len(text) < high:
            return f"{low} to {high - 1:,} characters"
        low = high
    return f"{low:,} characters or more"


def _month(row: Row) -> str:
    filed = row.ticket.created_at
    return f"{filed:%Y-%m}" if filed else NOT_GIVEN


_WAYS: Final[dict[str, Callable[[Row], str]]] = {
    "channel": lambda row: row.ticket.channel or NOT_GIVEN,
    "customer tier": lambda row: row.ticket.customer_tier or NOT_GIVEN,
    "length": lambda row: length_band(full_text(row.ticket)),
    "language": lambda row: language(full_text(row.ticket)),
    "industry": lambda row: row.extra.get("industry", NOT_GIVEN),
    "month": _month,
}


def _divide(name: str, values: list[str], answers: Mapping[str, Answers]) -> Segmentation:
    # A form's field can hold an address or a token as well as the text can.
    safe = {value: shown(value) for value in set(values)}
    values = [safe[value] for value in values]
    counts = Counter(values)
    kept = [value for value, _ in counts.most_common(_MOST)]
    if name in _ORDER:
        kept.sort(key=_ORDER[name])
    groups = [v if v in kept else OTHERS for v in values]
    names = [*kept, OTHERS] if len(counts) > len(kept) else kept
    return Segmentation(name, tuple(_segment(n, groups, answers) for n in names))


def _segment(value: str, groups: list[str], answers: Mapping[str, Answers]) -> Segment:
    correct, worse = {}, []
    for head, a in answers.items():
        hits = [bool(c) for i, c in zip(a.rows, a.correct, strict=True) if groups[i] == value]
        correct[head] = Share(sum(hits), len(hits))
        if hits and correct[head].interval[1] < a.correct.mean():
            worse.append(head)
    return Segment(value, groups.count(value), correct, tuple(worse))
