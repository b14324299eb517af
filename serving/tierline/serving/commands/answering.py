"""Answering: score a backlog, route one ticket."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table

from tierline.data.errors import InputError
from tierline.data.readers import TicketFile
from tierline.data.ticket import CustomerTier, HandAssessment, Ticket
from tierline.serving.backlog.scoring import Summary, quarantine_path
from tierline.serving.backlog.scoring import score as run_score
from tierline.serving.commands.recording import recording
from tierline.serving.commands.route_view import show
from tierline.serving.commands.shared import (
    FormatOption,
    MapOption,
    ModelOption,
    PolicyOption,
    RulesOnly,
    SpoolOption,
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


@app.command(rich_help_panel="Answering")
def score(
    file: Annotated[Path, typer.Argument(help="Tickets: CSV, JSON Lines or Parquet.")],
    out: Annotated[Path, typer.Option(help="Answers: .csv, .jsonl or .parquet.")],
    model: ModelOption = CHAMPION_URI,
    rules_only: RulesOnly = False,
    policy: PolicyOption = None,
    mapping: MapOption = None,
    source: FormatOption = None,
    now: Annotated[
        str | None, typer.Option(help="The clock for all answers, ISO 8601; the present if absent.")
    ] = None,
    store: StoreOption = None,
    spool: SpoolOption = None,
    what_if: Annotated[
        bool, typer.Option(help="Say what would change each tier; --no-what-if is faster.")
    ] = True,
) -> None:
    """Score a backlog: one answer per ticket, bad rows quarantined."""
    tickets = TicketFile(file, pairs_of(mapping, source, load_policy(policy)))
    router = make_router(model, rules_only, policy)
    if store and not what_if:
        raise InputError(
            "expected --store or --no-what-if; found both: a store keeps whole answers"
        )
    router.what_if = what_if
    clock = clock_at(now)
    with (
        recording(store, spool) as remembering,
        ShareProgress(console, "scoring") as progress,
    ):

        def report(share: float, count: int) -> None:
            progress.update(share, f"{count:,} tickets, {count / progress.seconds:,.0f}/s")

        summary = run_score(tickets, out, router, clock, report, remembering)
        seconds = progress.seconds
    _print_summary(summary, seconds, out)


@app.command(rich_help_panel="Answering")
def route(
    text: Annotated[str, typer.Argument(help="The ticket's words.")],
    subject: Annotated[str, typer.Option(help="The ticket's subject.")] = "",
    channel: Annotated[str | None, typer.Option(help="e.g. email, chat, social.")] = None,
    customer_tier: Annotated[CustomerTier | None, typer.Option()] = None,
    waited_minutes: Annotated[float | None, typer.Option(min=0)] = None,
    attempts: Annotated[int | None, typer.Option(min=0)] = None,
    order_value: Annotated[float | None, typer.Option(min=0)] = None,
    customer: Annotated[str | None, typer.Option(help="The customer's id.")] = None,
    product: Annotated[str | None, typer.Option()] = None,
    language: Annotated[str | None, typer.Option(help="A code, e.g. de or pt-BR.")] = None,
    sites_affected: Annotated[int | None, typer.Option(min=0)] = None,
    current_tier: Annotated[int | None, typer.Option(min=1, max=4)] = None,
    team: Annotated[str | None, typer.Option(help="The team that has it now.")] = None,
    status: Annotated[str | None, typer.Option(help="e.g. fixed, answered, solved.")] = None,
    locked: Annotated[bool, typer.Option("--locked", help="A person placed it there.")] = False,
    assess: Annotated[
        str | None, typer.Option(help="Levels by hand, e.g. customer_impact=3,business_risk=2.")
    ] = None,
    model: ModelOption = CHAMPION_URI,
    rules_only: RulesOnly = False,
    policy: PolicyOption = None,
) -> None:
    """Route one ticket and say why, its decisive words highlighted."""
    try:
        ticket = Ticket(
            subject=subject,
            body=text,
            channel=channel,
            customer_tier=customer_tier,
            waited_minutes=waited_minutes,
            attempts=attempts,
            order_value=order_value,
            customer=customer,
            product=product,
            language=language,
            sites_affected=sites_affected,
            current_tier=current_tier,
            team=team,
            status=status,
            locked_by_human=locked,
            assessment=_levels(assess),
        )
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputError("; ".join(problems)) from None
    router = make_router(model, rules_only, policy)
    answer = router.route([ticket], datetime.now(UTC))[0]
    show(ticket, answer, router.policy, console)


def _levels(spec: str | None) -> HandAssessment | None:
    """Read ``customer_impact=3,business_risk=2``."""
    if spec is None:
        return None
    pieces = [piece.partition("=") for piece in spec.split(",")]
    return HandAssessment.model_validate({k.strip(): v.strip() for k, _, v in pieces})


def _print_summary(summary: Summary, seconds: float, out: Path) -> None:
    count = summary.answered
    table = Table(title=f"{count:,} tickets answered in {seconds:.1f} s ({out})")
    for column, justify in (("", "left"), ("tickets", "right"), ("share", "right")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    sections: tuple[tuple[str, Counter[str]], ...] = (
        ("", Counter({f"tier {tier}": n for tier, n in sorted(summary.tiers.items())})),
        ("severity ", Counter(dict(sorted(summary.severities.items())))),
        ("", Counter(dict(summary.rules.most_common()))),
        ("review: ", Counter(dict(summary.reviews.most_common()))),
    )
    for prefix, counter in sections:
        table.add_section()
        for name, n in counter.items():
            table.add_row(prefix + name, f"{n:,}", f"{n / max(count, 1):.1%}")
    console.print(table)
    if summary.modes["rules_only"]:
        console.print(f"{summary.modes['rules_only']:,} answered by rules only")
    if summary.quarantined:
        where = quarantine_path(out)
        console.print(f"{summary.quarantined:,} rows quarantined, with reasons: {where}")
