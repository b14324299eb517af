"""The store of decisions: make it, bring it up to date, look at it, erase from it."""

from contextlib import closing
from typing import Annotated

import typer

from tierline.data.errors import InputError
from tierline.serving.commands.notifying import outbox_there
from tierline.serving.commands.recording import need_url, opened
from tierline.serving.commands.shared import SpoolOption, StoreOption, app, clock_at, console
from tierline.serving.store.opening import open_store

store_app = typer.Typer(no_args_is_help=True, help="Keep decisions, corrections and locks.")
app.add_typer(store_app, name="store", rich_help_panel="Store")


@store_app.command("init")
def store_init(store: StoreOption = None) -> None:
    """Make the store: SQLite's file, or the tables in a database of PostgreSQL that is there."""
    from tierline.serving.store.setup import make

    with closing(open_store(need_url(store)).database) as database:
        made = make(database)
    console.print(f"{made.shown}: migration {made.migration}", markup=False)


@store_app.command("upgrade")
def store_upgrade(store: StoreOption = None) -> None:
    """Bring an older store up to date; take a copy first."""
    from tierline.serving.store.setup import upgrade

    with closing(open_store(need_url(store)).database) as database:
        done = upgrade(database)
    console.print(f"{done.shown}: migration {done.before} → {done.migration}", markup=False)


@store_app.command("status")
def store_status(store: StoreOption = None, spool: SpoolOption = None) -> None:
    """Say whether the store is there and up to date, what it holds, and what waits for it.

    Exit code 1 when it is away or not up to date.
    """
    from tierline.serving.store.setup import counts

    known = open_store(need_url(store), spool)
    waiting, refused = known.spool.count()
    console.print(f"waiting in {known.spool.folder}: {waiting:,}", markup=False, soft_wrap=True)
    if refused:
        console.print(f"refused by the database, kept there: {refused:,}", markup=False)
    with opened(store, spool) as there:
        found = counts(there.database)
        console.print(f"{there.database.shown}: up to date", markup=False, soft_wrap=True)
    for name, count in found.items():
        console.print(f"{name}: {count:,}", markup=False, highlight=False)


@store_app.command("sync")
def store_sync(store: StoreOption = None, spool: SpoolOption = None) -> None:
    """Write the decisions that wait; a running server does so by itself."""
    with opened(store, spool) as there:
        waiting, before = there.spool.count()
        there.write_spool()
        refused = there.spool.count()[1] - before
        console.print(f"{waiting - refused:,} decisions written")
        if refused:
            folder = there.spool.folder
            console.print(
                f"{refused:,} refused by the database, kept in {folder}",
                markup=False,
                soft_wrap=True,
            )


@store_app.command("purge")
def store_purge(
    before: Annotated[
        str | None, typer.Option(help="Erase what is older than this date or time, ISO 8601.")
    ] = None,
    customer: Annotated[str | None, typer.Option(help="Erase a customer by id.")] = None,
    ticket: Annotated[str | None, typer.Option(help="Erase a ticket by id.")] = None,
    store: StoreOption = None,
    spool: SpoolOption = None,
) -> None:
    """Erase decisions, corrections, outcomes, hand-offs, locks and letters, from all files too.

    Locks go with their ticket or customer, not with age. Letters are notifications that wait or
    couldn't be sent. Run it on every machine that has a spool or letters. PostgreSQL's own log
    and backups keep rows until they are recycled.
    """
    from tierline.serving.store.erasing import erase
    from tierline.serving.store.purge import Doomed

    if sum(value is not None for value in (before, customer, ticket)) != 1:
        raise InputError("expected one of --before, --customer and --ticket")
    doomed = Doomed(ticket, customer, clock_at(before, "--before") if before else None)
    with opened(store, spool) as there:
        found = erase(there, outbox_there(), doomed)
    for name, count in found.items():
        console.print(f"{name}: {count:,} erased", markup=False, highlight=False)
