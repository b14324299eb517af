"""The queue: which ticket comes next and why, who takes it, and what can't be served in time."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from textwrap import wrap
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tierline.data.columns import shown_name
from tierline.data.readers import TicketFile
from tierline.serving.backlog.queueing import read_entries, write_queue
from tierline.serving.backlog.scored import ScoredAnswers
from tierline.serving.backlog.scoring import quarantine_path
from tierline.serving.clock.shown import due_text
from tierline.serving.commands.recording import beside
from tierline.serving.commands.shared import (
    FormatOption,
    MapOption,
    ModelOption,
    NowOption,
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
from tierline.serving.queue.allocate import Service
from tierline.serving.queue.flow import need_scipy
from tierline.serving.queue.priority import sentence, span_said, terms
from tierline.serving.queue.queued import MEANINGS, Queue, Queued
from tierline.serving.routing.router import Router

_LATE_PER_TEAM = 3
#: So much of 80 columns is left for a team's name; longer ones are broken at a hyphen.
_TEAM_WIDTH = 22


@app.command("queue", rich_help_panel="Answering")
def queue_command(
    file: Annotated[Path, typer.Argument(help="Open tickets: CSV, JSON Lines or Parquet.")],
    out: Annotated[Path, typer.Option(help="The queue: .csv, .jsonl or .parquet, replaced.")],
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
    now: NowOption = None,
    store: StoreOption = None,
) -> None:
    """Order open tickets by priority and give them to teams and agents.

    With a store its locks, exclusions and stated severities count; nothing is kept there.
    """
    if not order_only:
        need_scipy()
    rules, clock = load_policy(policy), clock_at(now)
    tickets = TicketFile(file, pairs_of(mapping, source, rules, labels=False))
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
    console.print(
        f"{len(entries):,} tickets queued in {seconds:.1f} s: {out}", highlight=False, markup=False
    )
    if before and before.unusable:
        console.print(
            f"{before.unusable:,} rows of {before.path.name} are no answers", markup=False
        )
    if quarantined:
        console.print(
            f"{quarantined:,} rows quarantined, with reasons: {quarantine_path(out)}", markup=False
        )


def _print(queue: Queue, head: int) -> None:
    shown = queue.tickets[:head]
    if shown:
        console.print(f"[bold]The first {len(shown)} of {len(queue.tickets):,}[/]", highlight=False)
        console.print(_tickets(queue, shown), highlight=False)
    console.print(_teams(queue))
    for line in (*_overdue(queue), *_late(queue)):
        indent = len(line) - len(line.lstrip())
        console.print(Padding(Text(line.lstrip()), (0, 0, 0, indent)))
    if queue.undated:
        console.print(
            f"{queue.undated:,} tickets say neither when they were filed nor how long they have "
            "waited: they count from when they first stood in this file",
            highlight=False,
        )


def _tickets(queue: Queue, shown: Sequence[Queued]) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(justify="right", min_width=5, no_wrap=True)
    table.add_column(overflow="fold")
    for queued in shown:
        table.add_row(f"{queued.rank}.", "\n".join(_lines(queue, queued)))
    return table


def _lines(queue: Queue, queued: Queued) -> Iterator[str]:
    entry, service = queued.ranked.entry, queued.service
    first = f"[bold red]{entry.first}[/] " if entry.first else ""
    why = sentence(terms(queued.ranked, queue.policy.queue, queue.now))
    name = escape(shown_name(entry.id))
    yield f"[bold]{name}[/]  {first}{queued.ranked.points:.1f} = {escape(why)}"
    due = f"respond by {due_text(entry.respond_by)}"
    if service is None:
        yield f"{escape(entry.team)}, {due}"
    elif service.waits_for:
        reached = _reached(service)
        yield (
            f"waits for {escape(service.team)} ({MEANINGS[service.waits_for]}), {due}, {reached}"
        )
    else:
        who = " / ".join(filter(None, (service.team, service.agent)))
        way = "" if service.team == entry.team else f", {service.way} for {escape(entry.team)}"
        yield f"→ {escape(who)}{way}, {due}"


def _teams(queue: Queue) -> Table:
    """Return the teams' figures, for a terminal of 80 columns; long names take two lines."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0, 0, 1))
    columns = ("queued", "first", "taken", "moved", "waiting", "overdue", "late")
    table.add_column("team", overflow="fold")
    for column in (*columns, "holds"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, figures in queue.teams().items():
        capacity = queue.capacity(name)
        counts = (f"{getattr(figures, column):,}" for column in columns)
        holds = f"{figures.holds:,}" + ("" if capacity is None else f"/{capacity:,}")
        table.add_row("\n".join(wrap(escape(name), _TEAM_WIDTH)), *counts, holds)
    return table


def _overdue(queue: Queue) -> Iterator[str]:
    """Yield what is overdue already, in a line a team."""
    for team, tickets in _by_team(queue.overdue).items():
        worst = min(tickets, key=lambda queued: queued.ranked.entry.respond_by).ranked.entry
        waiting = sum(q.service is not None and q.service.waits_for is not None for q in tickets)
        yield (
            f"{team}: {len(tickets):,} overdue already, {waiting:,} of them waiting, the longest "
            f"({shown_name(worst.id)}) by {span_said(queue.now - worst.respond_by)}"
        )


def _late(queue: Queue) -> Iterator[str]:
    """Yield what will not be served in time, by team; the file has the whole list."""
    for team, tickets in _by_team(queue.late).items():
        yield f"{team}: {len(tickets):,} not overdue yet can't be answered in time"
        for queued in islice(tickets, _LATE_PER_TEAM):
            yield f"  {shown_name(queued.ranked.entry.id)}: {_late_said(queued)}"
        if len(tickets) > _LATE_PER_TEAM:
            more = f"{len(tickets) - _LATE_PER_TEAM:,} more"
            yield f"  and {more} (in_time and overdue are false in the file)"


def _by_team(tickets: Iterable[Queued]) -> dict[str, list[Queued]]:
    found: dict[str, list[Queued]] = {}
    for queued in tickets:
        found.setdefault(queued.ranked.entry.team, []).append(queued)
    return found


def _late_said(queued: Queued) -> str:
    service = queued.service
    assert service is not None  # noqa: S101 - only given out tickets are late
    assert service.waits_for is not None  # noqa: S101 - what is taken now is overdue or in time
    due = f"due {due_text(queued.ranked.entry.respond_by)}"
    return f"{due}, {_reached(service)}: {MEANINGS[service.waits_for]}"


def _reached(service: Service) -> str:
    """Return when a ticket is reached, as a lead reads it."""
    return f"reached {due_text(service.reached_by)}" if service.reached_by else "never reached"
