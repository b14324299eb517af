"""The map as one HTML page that needs nothing else: no script, no font, no address."""

import json
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

from tierline.data.errors import InputError
from tierline.serving.history.findings import length, percent
from tierline.serving.history.starts import ROUTE_SHARE, ROUTE_TICKETS
from tierline.serving.page.path import refuse_odd_page

_TEMPLATES: Final = resources.files(__package__) / "templates"
#: Rows that the page lists of a table; the JSON has them all.
_MOST_ROWS: Final = 15


def refuse_without_libraries(path: Path) -> None:
    """Stop before the work whose page could not be written.

    Raises:
        InputError: when the path is no page's, or a library is missing.
    """
    refuse_odd_page(path)
    try:
        import jinja2  # noqa: F401
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"--html needs {error.name}: pip install 'tierline[report]', or ask for --json alone"
        ) from None


def write_map(said: Mapping[str, Any], html: Path) -> Path:
    """Write the page, and the JSON beside it; return the path of the JSON.

    Raises:
        InputError: when a file can't be written.
    """
    data = html.with_suffix(".json")
    try:
        html.write_text(render(said), encoding="utf-8")
        data.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{html}: can't be written: {error.strerror}") from None
    return data


def render(said: Mapping[str, Any]) -> str:
    """Return the page. Everything in it is escaped: whoever named the teams is unknown."""
    from tierline.serving.page.environment import environment

    made = environment(_TEMPLATES)
    made.filters |= {"span": length, "percent": percent, "n": "{:,}".format}
    return made.get_template("map.html").render(
        m=said,
        pictures=_pictures(said),
        most=_MOST_ROWS,
        route_share=ROUTE_SHARE,
        route_tickets=ROUTE_TICKETS,
    )


def _pictures(said: Mapping[str, Any]) -> dict[str, Any]:
    """Draw what there is to draw, by name."""
    from tierline.serving.history import plots
    from tierline.serving.page.charts import picture

    volumes, moves, outcomes = said["volumes"], said["handovers"], said["outcomes"]
    wanted: dict[str, tuple[str, Callable[[Any], Any], Any]] = {
        "weeks": ("tickets opened and resolved per week", plots.by_week, volumes["by_week"]),
        "months": ("tickets opened per month by priority", plots.by_month, volumes["by_month"]),
        "moves": ("time and SLA by number of hand-overs", plots.by_moves, moves["by_moves"]),
        "matrix": ("who hands over to whom, in moves", plots.matrix, moves["pairs"]),
        "flows": ("where handed-over tickets entered and ended", plots.flows, moves["flows"]),
        "teams": ("open time per ticket by team", plots.times, said["teams"]),
        "tiers": ("open time per ticket by tier", plots.times, said["tiers"]),
        "sla": ("SLA kept by priority", plots.sla, outcomes["sla"]["by_priority"]),
    }
    return {
        name: picture(text, lambda draw=draw, rows=rows: draw(rows))  # type: ignore[misc]
        for name, (text, draw, rows) in wanted.items()
        if rows
    }
