"""The curves of a load test: what was answered, and how long it took."""

from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tierline.training.loadtest.outcome import Step

_MILLISECONDS: Final = 1000


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
    for share, name in ((0.5, "median"), (0.9, "90%"), (0.99, "99%")):
        found = [(s.load, seconds) for s in steps if (seconds := s.percentile(share)) is not None]
        axes.plot([x for x, _ in found], [y * _MILLISECONDS for _, y in found], "o-", label=name)
    axes.set(xlabel=label, ylabel="milliseconds of accepted requests", yscale="log")
    if steps:
        axes.legend()
