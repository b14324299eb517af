"""Run the server: in this process, or in several that share nothing but the port."""

import math
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel

from tierline.data.errors import InputError
from tierline.data.label_book import read_label_book
from tierline.serving.commands.notifying import own_notifier
from tierline.serving.helpdesk.secrets import HookSecrets
from tierline.serving.http.documentation import docs_wanted
from tierline.serving.http.keys import ApiKeys, require_keys_for
from tierline.serving.live.connections import PatientConnection, allowed
from tierline.serving.live.cores import threads_for
from tierline.serving.live.limits import Limits
from tierline.serving.live.logs import LogFormat, set_up
from tierline.serving.live.metrics import MULTIPROCESS
from tierline.serving.live.options import Live
from tierline.serving.live.source import ConfiguredModel
from tierline.serving.live.traces import traces_of
from tierline.serving.messages.templates import Templates
from tierline.serving.policy import load_policy
from tierline.serving.store.opening import open_store

#: How worker processes get their settings; keys and secrets have variables of their own.
_SETTINGS: Final = "TIERLINE_WORKER_SETTINGS"
_KEYS: Final = "TIERLINE_API_KEYS"
#: Longer than balancers keep idle connections, so that they close them and not the server.
_KEEP_ALIVE_SECONDS: Final = 75
#: A worker that says nothing for so long is replaced: on a busy machine its imports alone may take
#: uvicorn's 5 s, and it would be replaced for ever.
_WORKER_SECONDS: Final = 20


class Settings(BaseModel):
    """What `tierline serve` was asked for; ``model`` None answers by rules only."""

    model: str | None
    policy: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    allow_open: bool = False
    store: str | None = None
    spool: Path | None = None
    templates: Path | None = None
    labels: Path | None = None
    workers: int = 1
    threads: int | None = None
    poll: float | None = None
    shadow: str | None = None
    advice_only: bool = False
    log: LogFormat | None = None
    limits: Limits = Limits()


def run(settings: Settings, metrics_folder: Path | None = None) -> None:
    """Answer until a signal says stop.

    ``metrics_folder``: where several processes keep their figures.

    Raises:
        InputError: for settings that can't work, before anything is started.
    """
    import uvicorn

    _refuse_endless(settings.limits)
    _refuse_unwritable(os.environ)
    require_keys_for(settings.host, _keys(), settings.allow_open)
    options: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "http": PatientConnection,
        "loop": "asyncio",  # uvloop, which uvicorn takes where it finds it, answered 3 to 14% less
        "limit_concurrency": allowed(settings.limits.connections),
        "timeout_keep_alive": _KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": round(settings.limits.drain),
        "timeout_worker_healthcheck": _WORKER_SECONDS,
    }
    if metrics_folder is None:
        with _ended_by_interrupt():
            uvicorn.run(app_of(settings), **options)
        return
    # Uvicorn would start workers that end at once over and over: what can't work ends here.
    app_of(settings)
    os.environ[_SETTINGS] = settings.model_dump_json()
    os.environ[MULTIPROCESS] = str(metrics_folder)
    uvicorn.run(f"{__name__}:worker_app", factory=True, workers=settings.workers, **options)


def _refuse_endless(limits: Limits) -> None:
    if not math.isfinite(limits.drain):
        raise InputError(
            f"--drain: expected a number of seconds; found {limits.drain}: say how long a server "
            "that stops may go on"
        )


def _refuse_unwritable(environment: Mapping[str, str]) -> None:
    """Refuse a folder for several processes' figures in which this one can't keep its own."""
    folder = environment.get(MULTIPROCESS)
    if folder and not (Path(folder).is_dir() and os.access(folder, os.W_OK)):
        raise InputError(
            f"{MULTIPROCESS}: expected a folder that this user may write to; found none at "
            f"{folder!r}: make it, or unset the variable"
        )


@contextmanager
def _ended_by_interrupt() -> Iterator[None]:
    """Have Ctrl-C end the process as SIGTERM does.

    Uvicorn raises the signal again once all is stopped. Python's own handler would make it an
    exception, and Python then waits for threads on which a model hangs.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def worker_app() -> FastAPI:
    """Return the app of one of several processes."""
    return app_of(Settings.model_validate_json(os.environ[_SETTINGS]))


def app_of(settings: Settings) -> FastAPI:
    """Return the app that the settings and the environment describe, and set up its logs."""
    from tierline.serving.http.api import create_app

    set_up(settings.log)
    policy = load_policy(settings.policy)
    live = Live(
        limits=settings.limits,
        threads=settings.threads or threads_for(settings.workers),
        poll=settings.poll,
        shadow=ConfiguredModel(settings.shadow) if settings.shadow else None,
        advice_only=settings.advice_only,
        traces=traces_of(os.environ),
    )
    return create_app(
        policy,
        ConfiguredModel(settings.model) if settings.model else None,
        _keys(),
        store=open_store(settings.store, settings.spool) if settings.store else None,
        hooks=HookSecrets.from_environment(os.environ),
        templates=Templates.load(settings.templates) if settings.templates else None,
        notifier=own_notifier(policy),
        book=read_label_book(settings.labels),
        docs=docs_wanted(os.environ),
        live=live,
    )


def _keys() -> ApiKeys:
    return ApiKeys.parse(os.environ.get(_KEYS, ""))
