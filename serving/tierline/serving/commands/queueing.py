"""The queue: which ticket comes next and why, who takes it, and what can't be served in time."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from tierline.data.columns import shown_name
from tierline.data.readers import TicketFile
from tierline.serving.backlog.queueing import read_entries, write_queue
from tierline.serving.backlog.scored import ScoredAnswers
from tierline.serving.backlog.scoring import quarantine_path
from tierline.serving.commands.recording import beside
from tierline.serving.commands.shared import (
    FormatOption,
    MapOption,
    ModelOption,
    PolicyOption,
    RulesOnly,
    StoreOption,
    app,
    clock_at,
    console,
    make_router,
    pairs_of,
)
from tierline.serving.model_source import CHAMPION_URI
from tierline.serving.policy import load_policy
from tierline.serving.progress import ShareProgress
from tierline.serving.queue.flow import need_scipy
from tierline.serving.queue.priority import instant_said, sentence, terms
from tierline.serving.queue.queued import MEANINGS, Queue, Queued
from tierline.serving.routing.router import Router

_LATE_PER_TEAM = 3


@app.command("queue", rich_help_panel="Answering")
def queue_command(
    file: Annotated[Path, typer.Argument(help="Open tickets: CSV, JSON Lines or Parquet.")],
    out: Annotated[Path, typer.Option(help="The queue: .csv, .jsonl or .parquet.")],
    answers: Annotated[
        Path | None,
        typer.Option(help="Answers that 'tierline score' wrote for them; else they are scored."),
    ] = None,
    model: ModelOption = CHAMPION_URI,
    rules_only: RulesOnly = False,
    policy: PolicyOption = None,
    mapping: MapOption = None,
    source: FormatOption = None,
    head: Annotated[int, typer.Option(min=0, help="So many tickets are printed.")] = 10,
    order_only: Annotated[
        bool, typer.Option("--order-only", help="Don't give them to teams and agents.")
    ] = False,
    now: Annotated[
        str | None, typer.Option(help="The clock, ISO 8601; the present if absent.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Order open tickets by priority and give them to teams and agents.

    With a store its locks and exclusions count; nothing is kept there.
    """
    if not order_only:
        need_scipy()
    rules, clock = load_policy(policy), clock_at(now)
    tickets = TicketFile(file, pairs_of(mapping, source, rules))
    before = ScoredAnswers(answers) if answers else None
    router = Router(rules) if before else make_router(model, rules_only, policy)
    with beside(store) as there, ShareProgress(console, "queueing") as progress:

        def read(share: float, count: int) -> None:
            progress.update(share * 0.7, f"{count:,} tickets read")

        def written(share: float, count: int) -> None:
            progress.update(0.8 + share * 0.2, f"{count:,} tickets written")

        entries, quarantined = read_entries(tickets, before, router, clock, out, read, there)
        progress.update(0.7, "ordering" if order_only else "ordering and giving out")
        queue = Queue.of(entries, router.policy, clock, give_out=not order_only)
        write_queue(queue, out, written)
        seconds = progress.seconds
    _print(queue, head)
    console.print(f"{len(entries):,} tickets queued in {seconds:.1f} s: {out}", highlight=False)
    if before and before.unusable:
        console.print(f"{before.unusable:,} rows of {before.path.name} are no answers")
    if quarantined:
        console.print(f"{quarantined:,} rows quarantined, with reasons: {quarantine_path(out)}")


def _print(queue: Queue, head: int) -> None:
    shown = queue.tickets[:head]
    if shown:
        console.print(f"[bold]The first {len(shown)} of {len(queue.tickets):,}[/]", highlight=False)
    for queued in shown:
        console.print("\n".join(_lines(queue, queued)), highlight=False, soft_wrap=True)
    console.print(_teams(queue))
    for line in _late(queue):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if queue.undated:
        console.print(
            f"{queue.undated:,} tickets say neither when they were filed nor how long they have "
            "waited: their age counts nothing, so they can be passed over again and again",
            highlight=False,
        )


def _lines(queue: Queue, queued: Queued) -> Iterator[str]:
    entry, service = queued.ranked.entry, queued.service
    first = f"[bold red]{entry.first}[/] " if entry.first else ""
    why = sentence(terms(queued.ranked, queue.policy.queue, queue.now))
    name = escape(shown_name(entry.id))
    yield f"{queued.rank:>4}. [bold]{name}[/]  {first}{queued.ranked.points:.1f} = {escape(why)}"
    due = f"respond by {instant_said(entry.respond_by)}"
    if service is None:
        yield f"      {escape(entry.team)}, {due}"
    elif service.waits_for:
        reached = instant_said(service.reached_by)
        yield (
            f"      waits for {escape(service.team)} ({MEANINGS[service.waits_for]}), {due}, "
            f"reached {reached}"
        )
    else:
        who = " / ".join(filter(None, (service.team, service.agent)))
        way = "" if service.team == entry.team else f", {service.way} for {escape(entry.team)}"
        yield f"      → {escape(who)}{way}, {due}"


def _teams(queue: Queue) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1))
    columns = ("queued", "first", "taken", "moved", "waiting", "late", "holds")
    table.add_column("team", no_wrap=True)
    for column in (*columns, "of"):
        table.add_column(column, justify="right")
    for name, figures in queue.teams().items():
        capacity = queue.capacity(name)
        counts = (f"{getattr(figures, column):,}" for column in columns)
        table.add_row(escape(name), *counts, "any" if capacity is None else f"{capacity:,}")
    return table


def _late(queue: Queue) -> Iterator[str]:
    """Yield what can't be served in time, by team; the file has the whole list."""
    late: dict[str, list[Queued]] = {}
    for queued in queue.late:
        late.setdefault(queued.ranked.entry.team, []).append(queued)
    for team, tickets in late.items():
        yield f"{team}: {len(tickets):,} can't be answered in time"
        for queued in islice(tickets, _LATE_PER_TEAM):
            yield f"  {shown_name(queued.ranked.entry.id)}: {_late_said(queued)}"
        if len(tickets) > _LATE_PER_TEAM:
            yield f"  and {len(tickets) - _LATE_PER_TEAM:,} more (in_time is false in the file)"


def _late_said(queued: Queued) -> str:
    service = queued.service
    assert service is not None  # noqa: S101 - only given out tickets are late
    due = f"due {instant_said(queued.ranked.entry.respond_by)}"
    if service.waits_for is None:
        return f"{due}, taken only now"
    return f"{due}, reached {instant_said(service.reached_by)}: {MEANINGS[service.waits_for]}"
