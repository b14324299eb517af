"""Mapping: what a log of tickets and moves says about the desk as it is."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from tierline.data.columns import parse_map
from tierline.data.quarantine import Quarantine
from tierline.serving.backlog.scoring import quarantine_path
from tierline.serving.commands.shared import PolicyOption, app, console, errors
from tierline.serving.history.build import build_map
from tierline.serving.history.desk import read_desk
from tierline.serving.history.events import EventFile
from tierline.serving.history.formats import FIELDS, FORMATS, format_named
from tierline.serving.history.page import refuse_without_libraries, write_map
from tierline.serving.history.times import DateOrder, time_reader, zone_named
from tierline.serving.policy import load_policy
from tierline.serving.progress import ShareProgress

#: Clocks differ: an event may be so much ahead of this machine's.
_AHEAD = timedelta(days=1)


@app.command("map", rich_help_panel="Policy")
def map_history(
    history: Annotated[Path, typer.Argument(help="Event log: CSV, JSON Lines or Parquet.")],
    html: Annotated[
        Path | None, typer.Option(help="Write the map as a page; its JSON goes beside it.")
    ] = None,
    kind: Annotated[
        str, typer.Option("--format", help=f"Kind of log: {', '.join(FORMATS)}.")
    ] = "plain",
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map", help="FIELD=COLUMN pairs, e.g. ticket=number,team=group (repeatable)."
        ),
    ] = None,
    tiers: Annotated[
        Path | None, typer.Option(help="TOML file: [tiers] TEAM = 1 to 4, [states] STATE = phase.")
    ] = None,
    policy: PolicyOption = None,
    dates: Annotated[
        DateOrder | None, typer.Option(help="How dates are written; the format's if absent.")
    ] = None,
    zone: Annotated[str, typer.Option(help="Time zone of times that name none.")] = "UTC",
    as_json: Annotated[bool, typer.Option("--json", help="Print the map as JSON.")] = False,
) -> None:
    """Map what is there: hand-overs, time in teams, promises kept, what to look at first."""
    if html is not None:
        refuse_without_libraries(html)
    known = format_named(kind)
    read_time = time_reader(dates or known.dates, zone_named(zone), datetime.now(UTC) + _AHEAD)
    rules = load_policy(policy)
    desk = read_desk(rules, tiers)
    file = EventFile(history, parse_map(mapping, FIELDS), kind=known, read_time=read_time)
    # Standard output is for the figures; with --json, progress goes only to a person's terminal.
    shown = console
    if as_json:
        shown = errors if errors.is_terminal else Console(quiet=True)
    with (
        Quarantine(quarantine_path(html or history)) as quarantine,
        ShareProgress(shown, "mapping") as progress,
    ):
        said = build_map(file, desk, rules, quarantine, progress.update)
        if html is not None:
            progress.update(1.0, "drawing")
            write_map(said, html)
        seconds = progress.seconds
    if as_json:
        sys.stdout.write(json.dumps(said, indent=2) + "\n")
    else:
        _print(said, seconds)
    if html is not None:
        data = html.with_suffix(".json")
        shown.print(f"map: {html} and {data}", soft_wrap=True, highlight=False, markup=False)
    if quarantine.count:
        where = f"{quarantine.count:,} rows quarantined, with reasons: {quarantine.path}"
        errors.print(where, markup=False, soft_wrap=True)


def _print(said: dict[str, Any], seconds: float) -> None:
    log = said["log"]
    lines = [f"{log['tickets']:,} tickets, {log['events']:,} events mapped in {seconds:.1f} s"]
    if log["duplicate_events"] or log["events_set_back"]:
        lines.append(
            f"{log['duplicate_events']:,} duplicate events dropped; "
            f"{log['events_set_back']:,} events whose clock was set back"
        )
    lines += [f"• {finding['title']}: {finding['text']}" for finding in said["findings"]]
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
