"""Pictures of a map: when tickets come, where they go, how long it takes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, PercentFormatter

from tierline.serving.history.findings import percent
from tierline.serving.history.volumes import most_first

Rows = Sequence[Mapping[str, Any]]
_BLUE: Final = "#2f81d0"
_ORANGE: Final = "#d9822b"
#: From the most urgent on; what follows the last shares its colour.
_PRIORITIES: Final = ("#b3261e", "#e08a1e", "#2f81d0", "#9cc4ec", "#8a939c")
_TEAMS: Final = 12
_FLOW_TEAMS: Final = 8
_BARS: Final = 18
_NAME_CHARS: Final = 28
_LONGEST_SHOWN: Final = 24 * 365.0
_OTHERS: Final = "other teams"
_TICKS: Final = {1 / 60: "1 min", 1 / 6: "10 min", 1: "1 h", 8: "8 h", 24: "1 d", 168: "1 w"} | {
    720: "30 d",
    8760: "1 y",
}


def by_week(rows: Rows) -> Figure:
    """Return tickets opened and resolved per week."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.add_subplot()
    weeks = np.array([row["week"] for row in rows], dtype="datetime64[D]")
    for key, colour, style in (("opened", _BLUE, "-"), ("resolved", _ORANGE, "--")):
        axes.plot(weeks, [row[key] for row in rows], style, color=colour, label=key, marker=".")
    axes.set_ylim(bottom=0)
    axes.set_ylabel("tickets per week")
    axes.legend(frameon=False)
    return figure


def by_month(rows: Rows) -> Figure:
    """Return tickets opened per month, by priority."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.add_subplot()
    names = sorted({name for row in rows for name in row["by_priority"]})
    base = np.zeros(len(rows))
    for i, name in enumerate(names):
        counts = np.array([row["by_priority"].get(name, 0) for row in rows])
        colour = _PRIORITIES[min(i, len(_PRIORITIES) - 1)]
        axes.bar(range(len(rows)), counts, bottom=base, color=colour, label=cut(name))
        base += counts
    step = max(1, len(rows) // 12)
    axes.set_xticks(range(0, len(rows), step), [row["month"] for row in rows[::step]])
    axes.tick_params(axis="x", labelrotation=40)
    axes.set_ylabel("tickets opened per month")
    axes.legend(frameon=False)
    return figure


def by_moves(rows: Rows) -> Figure:
    """Return how long tickets took and how often the SLA was kept, by number of hand-overs."""
    known = [row for row in rows if row["sla_known"]]
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    time = figure.add_subplot(1, 2 if known else 1, 1)
    names = [f"{row['moves']}{'+' if row['or_more'] else ''}" for row in rows]
    _spans(time, rows, range(len(rows)), upright=True)
    time.set_xticks(range(len(rows)), names)
    time.set_xlabel("hand-overs of a ticket")
    time.set_title("time to resolve", fontsize=10)
    if known:
        axes = figure.add_subplot(1, 2, 2)
        shares = [row["sla_kept"] / row["sla_known"] for row in known]
        _share_bars(axes, [n for n, r in zip(names, rows, strict=True) if r["sla_known"]], shares)
        axes.set_xlabel("hand-overs of a ticket")
        axes.set_title("SLA kept", fontsize=10)
    return figure


def sla(rows: Rows) -> Figure:
    """Return how often the SLA was kept, by priority."""
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.add_subplot()
    names = [f"{cut(row['name'])}\n{row['known']:,}" for row in rows]
    _share_bars(axes, names, [row["kept"] / row["known"] for row in rows])
    axes.set_xlabel("priority, with its tickets")
    axes.set_ylabel("SLA kept")
    return figure


def times(rows: Rows) -> Figure:
    """Return median and 90th percentile of the time at each team or tier."""
    shown = list(rows[:_BARS])[::-1]
    figure = Figure(figsize=(8, 1.1 + 0.3 * len(shown)), layout="constrained")
    axes = figure.add_subplot()
    _spans(axes, [row["time"] for row in shown], range(len(shown)), upright=False)
    axes.set_yticks(range(len(shown)), [f"{cut(r['name'])} ({r['tickets']:,})" for r in shown])
    axes.set_ylim(-0.7, len(shown) - 0.3)
    axes.set_xlabel("open time per ticket: dot median, end of line 90th percentile")
    axes.grid(axis="x", alpha=0.3)
    return figure


def matrix(rows: Rows) -> Figure:
    """Return who hands over to whom: rows give, columns take, in numbers of moves."""
    busy: Counter[str] = Counter()
    for row in rows:
        busy[row["from"]] += row["moves"]
        busy[row["to"]] += row["moves"]
    teams = [team for team, _ in most_first(busy)]
    names = teams[:_TEAMS] + ([_OTHERS] if len(teams) > _TEAMS else [])
    at = {team: min(i, _TEAMS) for i, team in enumerate(teams)}
    moves = np.zeros((len(names), len(names)))
    for row in rows:
        moves[at[row["from"]], at[row["to"]]] += row["moves"]
    size = 0.52 * len(names)
    figure = Figure(figsize=(2.2 + size, 1.6 + size), layout="constrained")
    axes = figure.add_subplot()
    top = max(moves[: len(teams), : len(teams)].max(), 1)
    axes.imshow(np.ma.masked_equal(moves, 0), cmap="Blues", vmin=0, vmax=top)
    for (i, j), count in np.ndenumerate(moves):
        if count:
            colour = "white" if count > top / 2 else "black"
            axes.text(j, i, f"{count:.0f}", ha="center", va="center", color=colour, fontsize=7)
    labels = [cut(name) for name in names]
    axes.set_xticks(range(len(names)), labels, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), labels)
    axes.set_xlabel("to")
    axes.set_ylabel("from")
    return figure


def flows(rows: Rows) -> Figure:
    """Return where handed-over tickets entered (left) and where they ended (right)."""
    left = _grouped(rows, "entered")
    right = _grouped(rows, "ended")
    bands: Counter[tuple[str, str]] = Counter()
    for row in rows:
        bands[left.get(row["entered"], _OTHERS), right.get(row["ended"], _OTHERS)] += row["tickets"]
    total = bands.total()
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot()
    starts, ends = _column(bands, 0, total), _column(bands, 1, total)
    _label(axes, starts, bands, 0)
    _label(axes, ends, bands, 1)
    order = {name: i for i, name in enumerate(ends)}
    colours = {name: f"C{i}" for i, name in enumerate(starts)}
    for (a, b), count in sorted(bands.items(), key=lambda item: order[item[0][1]]):
        y0, y1 = starts[a], ends[b]
        axes.add_patch(_ribbon(y0, y1, count, "grey" if a == _OTHERS else colours[a]))
        starts[a], ends[b] = y0 - count, y1 - count
    axes.set_xlim(-0.55, 1.55)
    axes.set_ylim(0, total * 1.32)
    axes.text(0, total * 1.27, "entered at", ha="right", weight="bold")
    axes.text(1, total * 1.27, "ended at", ha="left", weight="bold")
    axes.axis("off")
    return figure


def _grouped(rows: Rows, key: str) -> dict[str, str]:
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row[key]] += row["tickets"]
    first = most_first(counts)[:_FLOW_TEAMS]
    return {name: name for name, _ in first}


def _column(bands: Counter[tuple[str, str]], side: int, total: int) -> dict[str, float]:
    """Return the upper edge of every team's block, with gaps between them."""
    counts: Counter[str] = Counter()
    for pair, count in bands.items():
        counts[pair[side]] += count
    names = sorted(counts, key=lambda name: (name == _OTHERS, -counts[name], name))
    gap = total * 0.22 / max(len(names) - 1, 1)
    top, edges = total * 1.22, {}
    for name in names:
        edges[name] = top
        top -= counts[name] + gap
    return edges


def _label(
    axes: Any, edges: Mapping[str, float], bands: Counter[tuple[str, str]], side: int
) -> None:
    for name, top in edges.items():
        count = sum(n for pair, n in bands.items() if pair[side] == name)
        axes.plot(
            [side, side], [top, top - count], color="grey", linewidth=5, solid_capstyle="butt"
        )
        x, align = (-0.03, "right") if side == 0 else (1.03, "left")
        text = f"{cut(name)} · {count:,}"
        axes.text(x, top - count / 2, text, ha=align, va="center", fontsize=8)


def _ribbon(y0: float, y1: float, height: float, colour: str) -> PathPatch:
    """Return a band from left to right whose upper edge goes from ``y0`` to ``y1``."""
    curve = [Path.CURVE4] * 3
    vertices = [
        (0, y0), (0.5, y0), (0.5, y1), (1, y1),
        (1, y1 - height), (0.5, y1 - height), (0.5, y0 - height), (0, y0 - height), (0, y0),
    ]  # fmt: skip
    codes = [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY]
    return PathPatch(Path(vertices, codes), facecolor=colour, alpha=0.45, linewidth=0)


def _spans(axes: Any, rows: Rows, at: Sequence[int], upright: bool) -> None:
    """Draw the median as a dot and a line to the 90th percentile, on a scale of powers."""
    floor = 1 / 60
    for place, row in zip(at, rows, strict=True):
        median = row["median_hours"]
        if median is None:
            continue
        low = max(median, floor)
        high = max(_LONGEST_SHOWN if row["p90_hours"] is None else row["p90_hours"], low)
        across, along = ([place, place], [low, high])
        x, y = (across, along) if upright else (along, across)
        axes.plot(x, y, color=_BLUE, linewidth=3, alpha=0.45, solid_capstyle="butt")
        axes.plot(x[:1], y[:1], "o", color=_BLUE, markersize=6)
    axis = axes.yaxis if upright else axes.xaxis
    (axes.set_yscale if upright else axes.set_xscale)("log")
    axis.set_ticks(list(_TICKS), list(_TICKS.values()))
    axis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    axis.set_ticks([], minor=True)


def _share_bars(axes: Any, names: Sequence[str], shares: Sequence[float]) -> None:
    axes.bar(range(len(names)), shares, color=_BLUE, alpha=0.8)
    for i, share in enumerate(shares):
        axes.text(i, share + 0.015, percent(share), ha="center", fontsize=8)
    axes.set_xticks(range(len(names)), names)
    axes.set_ylim(0, 1.08)
    axes.yaxis.set_major_formatter(PercentFormatter(1))


def cut(name: str) -> str:
    """Return a name short enough for a picture."""
    return name if len(name) <= _NAME_CHARS else f"{name[: _NAME_CHARS - 1]}…"
