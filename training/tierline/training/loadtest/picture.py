"""The curves of a load test: what was answered, how long it took, and what a soak did to memory."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tierline.training.loadtest.outcome import OK, REFUSED, Step

_MILLISECONDS: Final = 1000
_MEGABYTES: Final = 1e6
_MINUTE: Final = 60
_QUANTILES: Final = ((0.5, "median"), (0.9, "90%"), (0.99, "99%"))


def curves(steps: Sequence[Step]) -> Figure:
    """Return throughput and latency, by callers (closed loop) and by arrivals (open loop)."""
    figure = Figure(figsize=(10, 6.5), layout="constrained")
    (above_closed, above_open), (below_closed, below_open) = figure.subplots(2, 2)
    closed = [step for step in steps if step.loop == "closed"]
    opened = [step for step in steps if step.loop == "open"]
    _throughput(above_closed, closed, "callers, each waiting for its answer")
    _throughput(above_open, opened, "tickets arriving per second")
    above_open.plot(
        [s.load for s in opened], [s.load for s in opened], ":", color="grey", label="all of them"
    )
    above_open.legend()
    _latency(below_closed, closed, "callers, each waiting for its answer")
    _latency(below_open, opened, "tickets arriving per second")
    return figure


def _throughput(axes: Axes, steps: Sequence[Step], label: str) -> None:
    loads = [step.load for step in steps]
    axes.plot(loads, [step.throughput for step in steps], "o-", label="answered")
    axes.set(xlabel=label, ylabel="tickets answered per second", ylim=(0, None))


def _latency(axes: Axes, steps: Sequence[Step], label: str) -> None:
    _quantiles(axes, [step.load for step in steps], steps)
    axes.set(xlabel=label, ylabel="milliseconds of accepted requests", yscale="log")
    if steps:
        axes.legend()


def over_time(points: Sequence[Step]) -> Figure:
    """Return what became of requests, latency and the server's memory, by minutes of a soak."""
    figure = Figure(figsize=(10, 8), layout="constrained")
    requests, latency, memory = figure.subplots(3, 1, sharex=True)
    ends = [end / _MINUTE for end in accumulate(point.seconds for point in points)]
    for count, name in ((OK, "answered"), (REFUSED, "429")):
        requests.plot(ends, [p.statuses[count] / p.seconds for p in points], "o-", label=name)
    requests.plot(ends, [p.errors / p.seconds for p in points], "o-", label="errors")
    requests.set(ylabel="requests per second", ylim=(0, None))
    requests.legend()
    _quantiles(latency, ends, points)
    latency.set(ylabel="milliseconds of accepted requests", ylim=(0, None))
    latency.legend()
    found = [(x, p.memory / _MEGABYTES) for x, p in zip(ends, points, strict=True) if p.memory]
    memory.plot([x for x, _ in found], [y for _, y in found], "o-")
    room = 1.2 * max((y for _, y in found), default=1.0)  # flat memory would lie on the frame
    memory.set(xlabel="minutes", ylabel="server's resident MB", ylim=(0, room))
    return figure


def _quantiles(axes: Axes, places: Sequence[float], steps: Sequence[Step]) -> None:
    for share, name in _QUANTILES:
        told = zip(places, (step.percentile(share) for step in steps), strict=True)
        found = [(x, seconds * _MILLISECONDS) for x, seconds in told if seconds is not None]
        axes.plot([x for x, _ in found], [y for _, y in found], "o-", label=name)
