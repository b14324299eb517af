"""Handing on and telling: packets for the next team, messages to customers."""

from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from tierline.data.errors import InputError
from tierline.serving.commands.recording import recording
from tierline.serving.commands.shared import (
    JsonOption,
    MapOption,
    ModelOption,
    NowOption,
    PolicyOption,
    RulesOnly,
    SeverityOption,
    SpoolOption,
    StoreOption,
    app,
    clock_at,
    console,
    invalid,
    make_router,
)
from tierline.serving.commands.ticket_source import TicketArgument, json_object, sources_of
from tierline.serving.handoff.markdown import markdown
from tierline.serving.handoff.packet import Notes, Packet
from tierline.serving.messages.message import Kind, Message
from tierline.serving.model_source import CHAMPION_URI
from tierline.serving.policy import Policy
from tierline.serving.routing.router import Router
from tierline.serving.store.deciding import decide
from tierline.serving.store.handing_on import hand_on

TemplatesOption = Annotated[
    Path | None,
    typer.Option("--templates", help="Folder with templates in place of the packaged ones."),
]


@app.command(rich_help_panel="Handing on")
def handoff(
    ticket: TicketArgument,
    notes: Annotated[
        Path | None, typer.Option(help="JSON file with notes; the options below add to it.")
    ] = None,
    tried: Annotated[list[str] | None, typer.Option(help="A step tried; may be repeated.")] = None,
    reproduction: Annotated[str | None, typer.Option(help="How to make it happen again.")] = None,
    contact: Annotated[str | None, typer.Option(help="How and when to reach the customer.")] = None,
    severity: SeverityOption = None,
    question: Annotated[list[str] | None, typer.Option(help="What is open; repeatable.")] = None,
    done: Annotated[
        list[str] | None, typer.Option(help="STEP=WHO or STEP=WHO@TIME; may be repeated.")
    ] = None,
    complete: Annotated[
        bool, typer.Option("--complete", help="Fail when something required is missing.")
    ] = False,
    as_json: JsonOption = False,
    model: ModelOption = CHAMPION_URI,
    rules_only: RulesOnly = False,
    policy: PolicyOption = None,
    mapping: MapOption = None,
    now: NowOption = None,
    store: StoreOption = None,
    spool: SpoolOption = None,
) -> None:
    """Print the packet for the next team, as Markdown: complete, or what is missing.

    With a store its locks, exclusions and stated severities count; it keeps the decision and the
    steps that are done.
    """
    added = {
        "tried": tried,
        "reproduction": reproduction,
        "contact": contact,
        "severity": severity,
        "open_questions": question,
        "done": [step_done(spec) for spec in done] if done else None,
        "complete": complete or None,
    }
    kept = _notes(notes, {name: value for name, value in added.items() if value is not None})
    router, clock = make_router(model, rules_only, policy), clock_at(now)
    with recording(store, spool) as there:
        for number, source in enumerate(sources_of(ticket, mapping)):
            packet = source.named(hand_on(router, there, source.ticket, kept, clock).packet)
            shown = packet.model_dump_json() if as_json else markdown(packet, _zone(packet, router))
            _print(shown if as_json or number == 0 else f"---\n\n{shown}")


@app.command(rich_help_panel="Handing on")
def message(
    ticket: TicketArgument,
    kind: Annotated[Kind, typer.Option(help="What the message is for.")] = Kind.ACKNOWLEDGEMENT,
    language: Annotated[
        str | None, typer.Option(help="A code, e.g. de or pt-BR; the ticket's if absent.")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="The customer's, e.g. Europe/Berlin; the policy's if absent.")
    ] = None,
    severity: SeverityOption = None,
    channel: Annotated[
        str | None, typer.Option(help="e.g. email, chat, social; the ticket's if absent.")
    ] = None,
    templates: TemplatesOption = None,
    as_json: JsonOption = False,
    model: ModelOption = CHAMPION_URI,
    rules_only: RulesOnly = False,
    policy: PolicyOption = None,
    mapping: MapOption = None,
    now: NowOption = None,
    store: StoreOption = None,
    spool: SpoolOption = None,
) -> None:
    """Print a message to the customer; the times in it are the policy's.

    With a store its locks, exclusions and stated severities count, and it keeps the decision.
    """
    from tierline.serving.messages.compose import compose
    from tierline.serving.messages.templates import Templates

    loaded = Templates.load(templates)
    router, clock = make_router(model, rules_only, policy), clock_at(now)
    given = {"channel": channel, "stated_severity": severity}
    by = {name: value for name, value in given.items() if value}
    with recording(store, spool) as there:
        for number, source in enumerate(sources_of(ticket, mapping)):
            one = source.ticket.model_copy(update=by)
            (found,) = decide(router, there, [one], clock).made
            told = (source.named(found.ticket), found.recommendation, router.policy)
            made = compose(kind, *told, loaded, clock, language, time_zone)
            shown = made.model_dump_json() if as_json else _as_text(made)
            _print(shown if as_json or number == 0 else f"\n---\n\n{shown}")


def _notes(file: Path | None, added: dict[str, Any]) -> Notes:
    """Return the notes of a file with those of the options."""
    own: dict[str, Any] = {}
    if file is not None:
        try:
            own = json_object(file.read_bytes(), "--notes")
        except OSError as error:
            raise InputError(f"--notes: can't be read: {error.strerror}") from None
    for name, value in added.items():
        both = isinstance(value, list) and isinstance(own.get(name), list)
        own[name] = [*own[name], *value] if both else value
    try:
        return Notes.model_validate(own)
    except ValidationError as error:
        raise invalid(error, "notes") from None


def step_done(spec: str) -> dict[str, str]:
    """Read ``notify=Ana`` or ``notify=Ana@2025-03-10T12:00``."""
    step, _, rest = spec.partition("=")
    by, _, at = rest.partition("@")
    return {"step": step.strip(), "by": by} | ({"at": at} if at else {})


def _zone(packet: Packet, router: Router) -> tzinfo:
    policy: Policy = router.policy
    return policy.calendars[policy.calendar_of(packet.team, packet.tier)].zone


def _as_text(made: Message) -> str:
    return f"Subject: {made.subject}\n\n{made.text}" if made.subject else made.text


def _print(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
