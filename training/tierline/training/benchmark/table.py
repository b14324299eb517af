"""The one table, as people read it: on the terminal, as Markdown, as JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rich.markup import escape
from rich.table import Table

from tierline.training.benchmark.about import HOW
from tierline.training.benchmark.summary import Line
from tierline.training.evaluate import FIGURE_NAMES

_ABSENT: Final = "–"


def columns(lines: Sequence[Line], against: str | None) -> tuple[str, ...]:
    """Return the headings that the lines need."""
    kinds = dict.fromkeys(kind for line in lines for kind in line.figures)
    less = (f"less {against}",) if against else ()
    costs = ("seconds", "CPU seconds", "peak MiB", "to score", "CPU to score")
    return ("set", "method", *(FIGURE_NAMES[kind] for kind in kinds), *less, *costs)


def cells(
    lines: Sequence[Line], headlines: Mapping[str, str], against: str | None, bold: str
) -> list[tuple[str, ...]]:
    """Return the table's cells as text; ``bold`` holds a headline figure in its braces."""
    kinds = dict.fromkeys(kind for line in lines for kind in line.figures)
    several = {line.set_name for line in lines if _heads(lines, line.set_name) > 1}
    rows = []
    for line in lines:
        figures = []
        for kind in kinds:
            spread = line.figures.get(kind)
            text = spread.shown() if spread else _ABSENT
            is_headline = spread and headlines[line.set_name] == kind
            figures.append(bold.format(text) if is_headline else text)
        name = f"{line.set_name} · {line.head}" if line.set_name in several else line.set_name
        less = (line.less.shown(sign="+") if line.less else _ABSENT,) if against else ()
        rows.append((name, _method(line), *figures, *less, *_costs(line)))
    return rows


def _heads(lines: Sequence[Line], name: str) -> int:
    return len({line.head for line in lines if line.set_name == name and line.head})


def _method(line: Line) -> str:
    """Return the method, with the share of seeds that gave figures when some did not."""
    good = line.of_seeds - len(line.problems)
    return line.method if not line.problems else f"{line.method} ({good} of {line.of_seeds} seeds)"


def _costs(line: Line) -> tuple[str, ...]:
    spent = {name: s.shown(0) for name, s in line.costs.items()}
    costs = (spent.get(name, _ABSENT) for name in ("seconds", "cpu_seconds", "peak_mebibytes"))
    if line.reached is None:
        reached, cpu = f"not reached, best {line.best.shown()}" if line.best else _ABSENT, _ABSENT
    else:
        missed = line.best.count - line.reached.count if line.best else 0
        reached = line.reached.shown(0) + (f", {missed} not reached" if missed else "")
        cpu = line.cpu_reached.shown(0) if line.cpu_reached else _ABSENT
    return (*costs, reached, cpu)


def problems(lines: Sequence[Line]) -> list[str]:
    """Return what went wrong, once for each method of a set."""
    said = [
        f"{line.set_name}, {line.method}, {problem}" for line in lines for problem in line.problems
    ]
    return list(dict.fromkeys(said))


def rich_table(lines: Sequence[Line], headlines: Mapping[str, str], against: str | None) -> Table:
    """Return the table for a terminal."""
    table = Table(title="benchmark", title_justify="left")
    for i, heading in enumerate(columns(lines, against)):
        table.add_column(heading, justify="left" if i < 2 else "right", overflow="fold")  # noqa: PLR2004
    before = None
    for line, row in zip(lines, cells(lines, headlines, against, "[bold]{}[/]"), strict=True):
        if before not in {None, (line.set_name, line.head)}:
            table.add_section()
        before = line.set_name, line.head
        table.add_row(escape(row[0]), *row[1:])
    return table


def markdown(
    lines: Sequence[Line],
    headlines: Mapping[str, str],
    against: str | None,
    facts: Mapping[str, str],
) -> str:
    """Return the table with its reading notes as Markdown."""
    head = columns(lines, against)
    rows = [head, ("---",) * len(head), *cells(lines, headlines, against, "**{}**")]
    table = ["| " + " | ".join(_cell(c) for c in row) + " |" for row in rows]
    failed = [f"- {_cell(problem)}" for problem in problems(lines)]
    notes = [f"- {name}: {f'`{f}`' if name == 'command' else f}" for name, f in facts.items()]
    without = ["Without figures:", "", *failed, ""] if failed else []
    return "\n".join([*table, "", *without, *(f"{part}\n" for part in HOW), *notes]) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def write(
    folder: Path,
    lines: Sequence[Line],
    headlines: Mapping[str, str],
    against: str | None,
    facts: Mapping[str, str],
) -> tuple[Path, Path]:
    """Write ``table.md`` and ``table.json`` into the folder and return their paths."""
    text, data = folder / "table.md", folder / "table.json"
    text.write_text(markdown(lines, headlines, against, facts), encoding="utf-8")
    content = {"about": dict(facts), "lines": [line.as_json() for line in lines]}
    data.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return text, data
