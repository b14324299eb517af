"""Answering: route one ticket."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from tierline.data.errors import InputError
from tierline.data.ticket import CustomerTier
from tierline.serving.commands.recording import recording
from tierline.serving.commands.route_view import show
from tierline.serving.commands.shared import (
    ModelOption,
    PolicyOption,
    RulesOnly,
    SeverityOption,
    SpoolOption,
    StoreOption,
    app,
    console,
    make_router,
)
from tierline.serving.commands.ticket_source import read_ticket, ticket_of
from tierline.serving.model_source import CHAMPION_URI
from tierline.serving.store.deciding import decide


@app.command(rich_help_panel="Answering")
def route(
    text: Annotated[
        str | None, typer.Argument(help="The ticket's words; --ticket may give them.")
    ] = None,
    ticket: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="JSON file with the ticket (-: standard input); options add to it."
        ),
    ] = None,
    subject: Annotated[str | None, typer.Option(help="The ticket's subject.")] = None,
    channel: Annotated[str | None, typer.Option(help="e.g. email, chat, social.")] = None,
    customer_tier: Annotated[CustomerTier | None, typer.Option(case_sensitive=False)] = None,
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
    earlier_severity: Annotated[
        str | None, typer.Option(help="What an earlier answer said, e.g. P1.")
    ] = None,
    earlier_sentiment: Annotated[
        str | None, typer.Option(help="What an earlier answer said, e.g. very_negative.")
    ] = None,
    assess: Annotated[
        str | None, typer.Option(help="Levels by hand, e.g. customer_impact=3,business_risk=2.")
    ] = None,
    severity: SeverityOption = None,
    model: ModelOption = CHAMPION_URI,
    rules_only: RulesOnly = False,
    policy: PolicyOption = None,
    ticket_id: Annotated[
        str | None, typer.Option("--id", help="The ticket's id, by which a store knows its lock.")
    ] = None,
    store: StoreOption = None,
    spool: SpoolOption = None,
) -> None:
    """Route one ticket and say why, its decisive words highlighted.

    With a store its locks, exclusions and stated severities count, and the decision is kept there,
    as the API does.
    """
    given = {
        "id": ticket_id,
        "subject": subject,
        "body": text,
        "channel": channel,
        "customer_tier": customer_tier,
        "waited_minutes": waited_minutes,
        "attempts": attempts,
        "order_value": order_value,
        "customer": customer,
        "product": product,
        "language": language,
        "sites_affected": sites_affected,
        "current_tier": current_tier,
        "team": team,
        "status": status,
        "locked_by_human": locked or None,
        "earlier_severity": earlier_severity,
        "earlier_sentiment": earlier_sentiment,
        "assessment": _levels(assess) if assess else None,
        "stated_severity": severity,
    }
    if text is None and ticket is None:
        raise InputError("expected the ticket's words, or --ticket with a file; found neither")
    own = read_ticket(ticket) if ticket is not None else {}
    asked = ticket_of(own | {name: value for name, value in given.items() if value is not None})
    router = make_router(model, rules_only, policy)
    with recording(store, spool) as remembering:
        found = decide(router, remembering, [asked], datetime.now(UTC))
    (made,) = found.made
    show(made.ticket, made.recommendation, router.policy, console)
    for name in found.ids:
        console.print(f"decision {name}", markup=False, highlight=False)


def _levels(spec: str) -> dict[str, str]:
    """Read ``customer_impact=3,business_risk=2``."""
    pieces = [piece.partition("=") for piece in spec.split(",")]
    return {name.strip(): level.strip() for name, _, level in pieces}
