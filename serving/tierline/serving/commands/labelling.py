"""Labelling: tickets drawn to be labelled blind."""

from pathlib import Path
from typing import Annotated

import typer

from tierline.data.columns import shown_name
from tierline.data.errors import InputError
from tierline.data.labels import HEADS
from tierline.data.readers import TicketFile
from tierline.serving.backlog.sampling import GROUPS, Plan, Summary, sample
from tierline.serving.backlog.scoring import quarantine_path
from tierline.serving.commands.shared import FormatOption, MapOption, app, console, pairs_of
from tierline.serving.progress import ShareProgress


@app.command("sample-for-labelling", rich_help_panel="Labelling")
def sample_for_labelling(
    file: Annotated[Path, typer.Argument(help="Tickets: CSV, JSON Lines or Parquet.")],
    out: Annotated[Path, typer.Option(help="Sheet to fill in: .csv, .jsonl or .parquet.")],
    share: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Share of the tickets; 0.02 if absent.")
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="So many tickets (of every group) instead.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed draws other tickets.")] = Plan.seed,
    by: Annotated[
        str | None, typer.Option(help=f"Fields that make groups: {', '.join(GROUPS)}.")
    ] = None,
    mapping: MapOption = None,
    source: FormatOption = None,
) -> None:
    """Draw a small random share of tickets to be labelled without seeing any answer."""
    if share is not None and count is not None:
        raise InputError("expected --share or --count; found both: leave one out")
    fields = tuple(filter(None, (name.strip() for name in (by or "").split(","))))
    plan = Plan(Plan.share if share is None else share, count, seed, fields)
    tickets = TicketFile(file, pairs_of(mapping, source))
    with ShareProgress(console, "drawing") as progress:

        def report(done: float, seen: int) -> None:
            progress.update(done, f"{seen:,} tickets")

        summary = sample(tickets, out, plan, report)
    _print_sample(summary, out)


def _print_sample(summary: Summary, out: Path) -> None:
    seen, drawn = summary.seen.total(), summary.drawn.total()
    for group, n in sorted(summary.seen.items()) if len(summary.seen) > 1 else ():
        name = ", ".join(shown_name(value) if value else "(none)" for value in group)
        console.print(f"{name}: {summary.drawn[group]:,} of {n:,}", markup=False, highlight=False)
    console.print(
        f"{drawn:,} of {seen:,} tickets drawn: {out}\nFill in {', '.join(HEADS)} without looking "
        "at any answer; then measure with: tierline evaluate BUNDLE FILE",
        markup=False,
        soft_wrap=True,
    )
    if summary.quarantined:
        where = quarantine_path(out)
        console.print(
            f"{summary.quarantined:,} rows quarantined, with reasons: {where}", markup=False
        )
