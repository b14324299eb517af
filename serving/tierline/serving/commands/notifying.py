"""Notifications that couldn't be sent: shown, and tried again."""

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tierline.serving.commands.shared import PolicyOption, app, clock_at, console
from tierline.serving.policy import Policy, load_policy
from tierline.serving.progress import ShareProgress

if TYPE_CHECKING:
    from tierline.serving.notify.notifier import Notifier
    from tierline.serving.notify.outbox import Outbox

notify_app = typer.Typer(no_args_is_help=True, help="Notifications that couldn't be sent.")
app.add_typer(notify_app, name="notify", rich_help_panel="Handing on")


def notify_folder() -> Path:
    """Return where notifications are kept: TIERLINE_NOTIFY_DIR, else a folder beside."""
    from tierline.serving.notify.endpoints import FOLDER

    return Path(os.environ.get(FOLDER) or "tierline-notify")


def outbox_there() -> "Outbox | None":
    """Return what was sent and what is dead on this machine, None where nothing ever was."""
    if not notify_folder().is_dir():
        return None
    from tierline.serving.notify.outbox import Outbox

    return Outbox(notify_folder())


@notify_app.command("list")
def notify_list() -> None:
    """List the dead letters: when, for whom, after how many tries, and why."""
    from tierline.serving.notify.outbox import Outbox

    dead = Outbox(notify_folder()).dead_letters()
    for letter in dead:
        tried = f"{letter.attempts} tries"
        line = f"{letter.made_at:%Y-%m-%d %H:%M} UTC  {letter.audience}  {letter.title}"
        console.print(f"{line}  ({tried}: {letter.problem})", markup=False, soft_wrap=True)
    console.print(f"{len(dead):,} dead letters in {notify_folder()}", markup=False)


@notify_app.command("retry")
def notify_retry(policy: PolicyOption = None) -> None:
    """Try the dead letters again; what was sent in the meantime isn't sent twice."""
    from tierline.serving.notify.delivery import Deliver, retry
    from tierline.serving.notify.endpoints import load_endpoints
    from tierline.serving.notify.letter import Letter
    from tierline.serving.notify.outbox import Outbox
    from tierline.serving.notify.sending import send

    endpoints = load_endpoints(os.environ, load_policy(policy))
    outbox = Outbox(notify_folder())

    def url_of(letter: Letter) -> str | None:
        group = endpoints.get(letter.audience, ())
        return group[letter.endpoint].url if letter.endpoint < len(group) else None

    with ShareProgress(console, "retrying") as progress:
        deliver = Deliver(outbox, send, threading.Event(), attempts=1)
        delivered, dead = retry(outbox, deliver, url_of, progress.update)
    console.print(f"{delivered:,} delivered, {dead:,} still dead", markup=False)
    if dead:
        raise typer.Exit(1)


@notify_app.command("purge")
def notify_purge(
    before: Annotated[
        str | None, typer.Option(help="Erase what is older, ISO 8601; all if absent.")
    ] = None,
) -> None:
    """Erase dead letters: they name tickets, and quote a few of their words."""
    from tierline.serving.notify.outbox import Outbox

    gone = Outbox(notify_folder()).erase_before(clock_at(before, "--before"))
    console.print(f"{gone:,} letters erased in {notify_folder()}", markup=False)


def own_notifier(policy: Policy) -> "Notifier | None":
    """Return what notifies, None where no URL is configured."""
    if not any(name.startswith("TIERLINE_NOTIFY_") for name in os.environ):
        return None
    from tierline.serving.notify.endpoints import load_endpoints
    from tierline.serving.notify.notifier import Notifier
    from tierline.serving.notify.outbox import Outbox

    endpoints = load_endpoints(os.environ, policy)
    return Notifier(endpoints, Outbox(notify_folder())) if endpoints else None
