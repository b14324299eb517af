"""A ticket's priority: a sum of terms that a lead can read and tune."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tierline.data.labels import Severity
from tierline.serving.policy import QueuePolicy
from tierline.serving.queue.entry import Entry

#: The terms, in the order of ``Ranked.values``.
TERMS: Final = (
    "severity", "breach", "customer_tier", "sentiment", "attempts", "order_value", "age",
)  # fmt: skip
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_NO_TIME: Final = timedelta(0)
#: Terms below this would be shown as 0.0.
_SHOWN: Final = 0.05


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a priority: ``points = value × weight``, and what gave the value.

    ``value`` is a share from 0 to 1; of age it is days, without end.
    """

    name: str
    value: float
    weight: float
    points: float
    said: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """An entry with its points and each term's value, in the order of `TERMS`."""

    entry: Entry
    points: float
    values: tuple[float, ...]


def order(entries: Iterable[Entry], queue: QueuePolicy, now: datetime) -> list[Ranked]:
    """Return the entries in the order in which they are to be served.

    Safety tickets and P1 come first, then points decide, then the earlier deadline, the older
    ticket, the id. So the order doesn't depend on the input's. A ticket precedes every other one
    (safety and P1 apart) that is younger by more than `QueuePolicy.passed_within_days`: age
    counts alike for all, and the other terms are bounded. So only what comes up to then can
    precede it, and it is reached, if safety tickets and P1 are served faster than they come in.
    That holds for a ticket without a date, too, from when it is first seen on, if that is kept:
    see ``since`` of `entry_of`.

    Raises:
        ValueError: when an id comes twice.
    """
    ranked = [_ranked(entry, queue, now) for entry in entries]
    if len({r.entry.id for r in ranked}) < len(ranked):
        raise ValueError("id: expected every id once; found one that comes twice")
    return sorted(ranked, key=_place)


def _place(ranked: Ranked) -> tuple[bool, float, datetime, timedelta, str]:
    entry = ranked.entry
    return entry.first is None, -ranked.points, entry.respond_by, -entry.age, entry.id


def _ranked(entry: Entry, queue: QueuePolicy, now: datetime) -> Ranked:
    values = (
        _severity(entry, queue),
        _breach(entry.respond_by - now, queue.breach_horizon),
        queue.customer_tier.get(entry.customer_tier, 0.0) if entry.customer_tier else 0.0,  # type: ignore[call-overload]
        queue.sentiment.get(entry.sentiment or "", 0.0),
        min((entry.attempts or 0) / queue.attempts_full, 1.0),
        min((entry.order_value or 0.0) / queue.order_value_full, 1.0),
        entry.age / _DAY,
    )
    points = sum(v * w for v, w in zip(values, weights_of(queue), strict=True))
    return Ranked(entry, points, values)


def weights_of(queue: QueuePolicy) -> tuple[float, ...]:
    """Return the weights in the order of `TERMS`."""
    w = queue.weights
    return (
        w.severity, w.breach, w.customer_tier, w.sentiment, w.attempts, w.order_value,
        w.age_per_day,
    )  # fmt: skip


def _severity(entry: Entry, queue: QueuePolicy) -> float:
    own = queue.severity[entry.severity]
    return max(own, queue.severity[Severity.P1]) if entry.may_be_p1 else own


def _breach(left: timedelta, horizon: timedelta) -> float:
    """Return 0 from ``horizon`` before the deadline, ½ at it, 1 from ``horizon`` after it."""
    return min(max((horizon - left) / (2 * horizon), 0.0), 1.0)


def terms(ranked: Ranked, queue: QueuePolicy, now: datetime) -> tuple[Term, ...]:
    """Return a priority's terms as a lead reads them."""
    entry = ranked.entry
    said = (
        _severity_said(entry),
        _due_said(entry.respond_by - now),
        entry.customer_tier or "unknown",
        entry.sentiment or "unknown",
        "unknown" if entry.attempts is None else str(entry.attempts),
        "unknown" if entry.order_value is None else f"{entry.order_value:g}",
        span_said(entry.age) if entry.dated else f"no date, seen {span_said(entry.age)} ago",
    )
    rows = zip(TERMS, ranked.values, weights_of(queue), said, strict=True)
    return tuple(Term(name, v, w, v * w, words) for name, v, w, words in rows)


def sentence(parts: Sequence[Term]) -> str:
    """Return the terms that count, the weightiest first: ``24.0 severity (P2) + …``."""
    counting = sorted((t for t in parts if t.points >= _SHOWN), key=lambda t: -t.points)
    texts = (f"{t.points:.1f} {t.name.replace('_', ' ')} ({t.said})" for t in counting)
    return " + ".join(texts) or "nothing counts yet"


def _severity_said(entry: Entry) -> str:
    label = entry.severity_said or f"unknown, taken as {entry.severity}"
    return f"{label}, may be P1" if entry.may_be_p1 else label


def _due_said(left: timedelta) -> str:
    return f"due in {span_said(left)}" if left >= _NO_TIME else f"overdue by {span_said(-left)}"


def span_said(span: timedelta) -> str:
    """Return a span in its two largest units: ``3 d 04 h``, ``2 h 05 min``."""
    if span >= _DAY:
        return f"{span.days} d {(span - span.days * _DAY) // _HOUR:02} h"
    minutes = span // timedelta(minutes=1)
    return f"{minutes // 60} h {minutes % 60:02} min"
