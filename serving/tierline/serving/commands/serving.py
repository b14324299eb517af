"""``tierline serve`` and ``tierline key``: answering over HTTP."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from tierline.data.errors import InputError
from tierline.serving.commands.shared import (
    LabelsOption,
    ModelOption,
    PolicyOption,
    RulesOnly,
    SpoolOption,
    StoreOption,
    app,
    console,
    refuse_unused,
)
from tierline.serving.live.limits import Limits
from tierline.serving.live.logs import LogFormat
from tierline.serving.model_source import CHAMPION_URI

_LIMITS = Limits()
_PANEL = "Limits"


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
    store: StoreOption = None,
    spool: SpoolOption = None,
    templates: Annotated[
        Path | None, typer.Option(help="Folder with templates of messages of your own.")
    ] = None,
    labels: LabelsOption = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes, each with a model; they share the port only.")
    ] = 1,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads per process; as many as cores if absent.")
    ] = None,
    poll: Annotated[
        float, typer.Option(min=0, help="Seconds between looks for a newer model; 0: never.")
    ] = 30.0,
    shadow: Annotated[
        str | None, typer.Option(help="A challenger that answers unseen, named as --model is.")
    ] = None,
    advice_only: Annotated[
        bool, typer.Option("--advice-only", help="Nobody acts on answers; they are logged.")
    ] = False,
    log: Annotated[
        LogFormat | None, typer.Option(help="JSON if absent, unless it goes to a terminal.")
    ] = None,
    queue: Annotated[
        int, typer.Option(min=1, rich_help_panel=_PANEL, help="Tickets that may wait.")
    ] = _LIMITS.waiting,
    wait: Annotated[
        float, typer.Option(min=0, rich_help_panel=_PANEL, help="Seconds one may wait to begin.")
    ] = _LIMITS.wait,
    deadline: Annotated[
        float, typer.Option(min=0, rich_help_panel=_PANEL, help="Seconds; then rules answer.")
    ] = _LIMITS.deadline,
    rate: Annotated[
        float | None,
        typer.Option(min=0.001, rich_help_panel=_PANEL, help="Tickets per second of each key."),
    ] = None,
    drain: Annotated[
        float, typer.Option(min=0, rich_help_panel=_PANEL, help="Seconds to finish when stopped.")
    ] = _LIMITS.drain,
) -> None:
    """Answer over HTTP; API keys are read from TIERLINE_API_KEYS, comma-separated.

    They may be hashes: see tierline key. Past the limits callers get 429 and Retry-After.
    Help desks' webhooks are answered where TIERLINE_ZENDESK_SECRET, TIERLINE_JIRA_SECRET or
    TIERLINE_FRESHDESK_SECRET is set. People are notified where TIERLINE_NOTIFY_AUDIENCE (such as
    ..._ON_CALL) holds Apprise URLs. Traces are sent where OTEL_EXPORTER_OTLP_ENDPOINT is set.
    TIERLINE_DOCS=off serves no /docs.
    """
    from tierline.serving.commands.running import Settings, run

    refuse_unused(model, rules_only)
    settings = Settings(
        model=None if rules_only else model,
        policy=policy,
        host=host,
        port=port,
        allow_open=allow_open,
        store=store,
        spool=spool,
        templates=templates,
        labels=labels,
        workers=workers,
        threads=threads,
        poll=poll or None,
        shadow=shadow,
        advice_only=advice_only,
        log=log,
        limits=Limits(waiting=queue, wait=wait, deadline=deadline, rate=rate, drain=drain),
    )
    if workers == 1:
        run(settings)
        return
    with TemporaryDirectory(prefix="tierline-metrics-") as folder:
        run(settings, Path(folder))


@app.command(rich_help_panel="Answering")
def key(
    hash_: Annotated[
        bool, typer.Option("--hash", help="Hash a key of your own, read from standard input.")
    ] = False,
) -> None:
    """Make a key for a caller, and its hash for the server's TIERLINE_API_KEYS."""
    from tierline.serving.http.keys import hashed, new_key

    if not hash_:
        made = new_key()
        for text in (f"key: {made}", f"hash: {hashed(made)}"):
            console.print(text, highlight=False, soft_wrap=True)
        return
    given = sys.stdin.readline().strip()
    if not given or "," in given:
        raise InputError("expected a key without commas on standard input; found none")
    console.print(hashed(given), highlight=False, soft_wrap=True)
