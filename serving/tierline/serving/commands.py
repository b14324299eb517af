"""The commands that need no training library: score, route, serve, policy."""

import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from tierline.data.columns import parse_map, shown_name
from tierline.data.errors import InputError
from tierline.data.labels import HEADS
from tierline.data.readers import TicketFile
from tierline.data.ticket import CustomerTier, Ticket
from tierline.serving.known_labels import unused_labels
from tierline.serving.model_source import CHAMPION_URI, load_predictor
from tierline.serving.policy import Policy, load_policy
from tierline.serving.policy_prose import prose, toml_of_default
from tierline.serving.progress import ShareProgress
from tierline.serving.route_view import show
from tierline.serving.router import Router
from tierline.serving.sampling import GROUPS, Plan
from tierline.serving.sampling import Summary as SampleSummary
from tierline.serving.sampling import sample as run_sample
from tierline.serving.scoring import Summary, quarantine_path
from tierline.serving.scoring import score as run_score

console = Console()
errors = Console(stderr=True)
app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Triage and route support tickets: score backlogs, answer over HTTP, train and promote.",
)
policy_app = typer.Typer(no_args_is_help=True, help="Read and check the escalation policy.")
app.add_typer(policy_app, name="policy", rich_help_panel="Policy")

ModelOption = Annotated[
    str, typer.Option("--model", help="A bundle's folder, or models:/NAME@ALIAS in MLflow.")
]
RulesOnly = Annotated[bool, typer.Option("--rules-only", help="Answer without any model.")]
MapOption = Annotated[
    str | None, typer.Option("--map", help="FIELD=COLUMN pairs, e.g. body=description.")
]
PolicyOption = Annotated[
    Path | None, typer.Option("--policy", help="TOML file that overrides the default policy.")
]


@app.command(rich_help_panel="Answering")
def score(
    file: Annotated[Path, typer.Argument(help="Tickets: CSV, JSON Lines or Parquet.")],
    out: Annotated[Path, typer.Option(help="Answers: .csv, .jsonl or .parquet.")],
    model: ModelOption = CHAMPION_URI,
    rules_only: RulesOnly = False,
    policy: PolicyOption = None,
    mapping: MapOption = None,
    now: Annotated[
        str | None, typer.Option(help="The clock for all answers, ISO 8601; the present if absent.")
    ] = None,
) -> None:
    """Score a backlog: one answer per ticket, bad rows quarantined."""
    tickets = TicketFile(file, parse_map(mapping))
    router = _router(model, rules_only, policy)
    clock = _clock(now)
    with ShareProgress(console, "scoring") as progress:

        def report(share: float, count: int) -> None:
            progress.update(share, f"{count:,} tickets, {count / progress.seconds:,.0f}/s")

        summary = run_score(tickets, out, router, clock, report)
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
        )
    except ValidationError as error:
        problems = (f"{e['loc'][0]}: {e['msg']}" for e in error.errors())
        raise InputError("; ".join(problems)) from None
    router = _router(model, rules_only, policy)
    answer = router.route([ticket], datetime.now(UTC))[0]
    show(ticket, answer, router.policy, console)


@app.command(rich_help_panel="Answering")
def serve(
    model: ModelOption = CHAMPION_URI,
    rules_only: RulesOnly = False,
    policy: PolicyOption = None,
    host: Annotated[str, typer.Option(help="Address to bind to.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    allow_open: Annotated[
        bool, typer.Option(help="Bind to a public address even without API keys.")
    ] = False,
) -> None:
    """Answer over HTTP; API keys are read from TIERLINE_API_KEYS, comma-separated."""
    import uvicorn

    from tierline.serving.api import create_app
    from tierline.serving.keys import ApiKeys, require_keys_for

    keys = ApiKeys.parse(os.environ.get("TIERLINE_API_KEYS", ""))
    require_keys_for(host, keys, allow_open)
    rules = load_policy(policy)
    source = None if rules_only else (lambda: load_predictor(model))
    uvicorn.run(create_app(rules, source, keys), host=host, port=port, log_level="info")


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
) -> None:
    """Draw a small random share of tickets to be labelled without seeing any answer."""
    if share is not None and count is not None:
        raise InputError("expected --share or --count; found both: leave one out")
    fields = tuple(filter(None, (name.strip() for name in (by or "").split(","))))
    plan = Plan(Plan.share if share is None else share, count, seed, fields)
    tickets = TicketFile(file, parse_map(mapping))
    with ShareProgress(console, "drawing") as progress:

        def report(done: float, seen: int) -> None:
            progress.update(done, f"{seen:,} tickets")

        summary = run_sample(tickets, out, plan, report)
    _print_sample(summary, out)


@policy_app.command("show")
def policy_show(
    file: Annotated[Path | None, typer.Argument(help="Policy file; the default if absent.")] = None,
    toml: Annotated[bool, typer.Option(help="Print the default policy's TOML.")] = False,
) -> None:
    """Print the policy as prose, as agents read it."""
    if toml:
        console.print(toml_of_default(), markup=False, highlight=False, soft_wrap=True)
    else:
        console.print(prose(load_policy(file)), markup=False, highlight=False, soft_wrap=True)


@policy_app.command("check")
def policy_check(
    file: Annotated[Path, typer.Argument(help="Policy file to check.")],
    model: Annotated[
        str | None,
        typer.Option(help="Also refuse what serving refuses: labels the policy doesn't know."),
    ] = None,
) -> None:
    """Check a policy file; every problem is named with its key."""
    policy = load_policy(file)
    if model is not None:
        _loaded(policy, model)
    console.print(f"{file}: good, policy version {policy.version}", markup=False)


def _router(model: str, rules_only: bool, policy_file: Path | None) -> Router:
    policy = load_policy(policy_file)
    return Router(policy) if rules_only else _loaded(policy, model)


def _loaded(policy: Policy, model: str) -> Router:
    """Return a router with the model; its labels that no rule uses are told."""
    predictor = load_predictor(model)
    router = Router(policy, predictor)
    for line in unused_labels(policy, predictor.manifest.heads):
        errors.print(f"note: {line}", markup=False)
    return router


def _clock(now: str | None) -> datetime:
    if now is None:
        return datetime.now(UTC)
    try:
        clock = datetime.fromisoformat(now)
    except ValueError:
        raise InputError(f"--now: expected an ISO 8601 time; found {now!r}") from None
    return clock if clock.tzinfo else clock.replace(tzinfo=UTC)


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


def _print_sample(summary: SampleSummary, out: Path) -> None:
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
        console.print(f"{summary.quarantined:,} rows quarantined, with reasons: {where}")
