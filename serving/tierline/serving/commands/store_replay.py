"""Stored decisions made again: one to be checked, many to see what a switch would change."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from tierline.data.errors import InputError
from tierline.serving.commands.recording import opened
from tierline.serving.commands.shared import PolicyOption, StoreOption, app, clock_at, console
from tierline.serving.model_source import load_predictor
from tierline.serving.policy import load_policy
from tierline.serving.progress import ShareProgress

_PANEL: Final = "Store"
_MONTH: Final = timedelta(days=30)

ModelOption = Annotated[
    str | None, typer.Option("--model", help="A bundle's folder, or models:/NAME@ALIAS in MLflow.")
]


@app.command(rich_help_panel=_PANEL)
def replay(
    decision: Annotated[str, typer.Argument(help="Id of a decision, or of a ticket: its last.")],
    model: ModelOption = None,
    store: StoreOption = None,
) -> None:
    """Make a stored decision again from its record and compare every bit.

    With --model, the bundle of the record's version, the model is asked again too. Exit code 1
    when anything differs.
    """
    from tierline.serving.store.decisions import Archive
    from tierline.serving.store.replay import replay as run

    predictor = load_predictor(model) if model else None
    with opened(store) as there, there.database.reading() as connection:
        found = run(Archive(connection, there.pseudonyms()).find(decision), predictor)
    row, again = found.stored.row, found.again
    console.print(
        f"decision {row['id']} of {row['clock']}\n"
        f"model {row['model_version'] or 'none'}, policy {row['policy_version']}, "
        f"{row['rules_version']}, {row['code_version']}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    rules = ", ".join(reason.rule for reason in again.reasons)
    lines = [f"tier {again.tier}, {again.team}: {rules}", *found.notes]
    lines.append(
        "the same answer, bit for bit" if found.same else f"differs in {', '.join(found.differs)}"
    )
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if not found.same:
        raise typer.Exit(1)


@app.command(rich_help_panel=_PANEL)
def diff(
    policy: PolicyOption = None,
    model: ModelOption = None,
    since: Annotated[
        str | None, typer.Option(help="Decisions from here on, ISO 8601; 30 days back if absent.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="List of the decisions that change: .json or .csv.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Show which stored decisions another policy or model would change, before any switch."""
    from tierline.serving.store.decisions import Archive
    from tierline.serving.store.difference import difference, refuse_ending, write_changes

    if policy is None and model is None:
        raise InputError("expected --policy FILE, --model BUNDLE or both; found neither")
    if out is not None:
        refuse_ending(out)
    start = clock_at(since, "--since") if since else datetime.now(UTC) - _MONTH
    rules = load_policy(policy) if policy else None
    predictor = load_predictor(model) if model else None
    with opened(store) as there, there.database.reading() as connection:
        archive = Archive(connection, there.pseudonyms())
        total = max(archive.count_since(start), 1)
        with ShareProgress(console, "comparing") as progress:

            def report(done: int) -> None:
                progress.update(min(done / total, 1.0), f"{done:,} decisions")

            found = difference(archive, start, rules, predictor, report)
    changes = len(found.changes)
    console.print(f"{found.compared:,} decisions since {start.isoformat()}: {changes:,} change")
    _print_table("tiers", {f"{a} → {b}": n for (a, b), n in sorted(found.moves.items())})
    _print_table("rules", {f"{s} {rule}": n for (s, rule), n in found.reasons.most_common()})
    _print_table("fields", dict(found.fields.most_common()))
    redacted = sum(change.redacted for change in found.changes)
    if redacted and model:
        console.print(f"{redacted:,} of them were read redacted: part may be due to that")
    if found.unlike:
        console.print(f"{found.unlike:,} decisions don't replay here; compared as they replay")
    if out is not None:
        write_changes(found.changes, out)
        console.print(f"every change: {out}", markup=False, soft_wrap=True)


def _print_table(title: str, counts: dict[str, int]) -> None:
    if not counts:
        return
    table = Table(title)
    table.add_column("decisions", justify="right")
    for name, count in counts.items():
        table.add_row(name, f"{count:,}")
    console.print(table)
