"""Where a hand-off stands: its steps shown, set done, or begun anew."""

from typing import Annotated

import typer
from pydantic import ValidationError

from tierline.data.errors import InputError
from tierline.serving.commands.handing import step_done
from tierline.serving.commands.recording import opened
from tierline.serving.commands.shared import StoreOption, app, console
from tierline.serving.handoff.making import checked_steps
from tierline.serving.handoff.packet import Done
from tierline.serving.problems import problems_of


@app.command(rich_help_panel="Handing on")
def checklist(
    ticket: Annotated[str, typer.Argument(help="The id of a ticket that was handed on.")],
    done: Annotated[
        list[str] | None, typer.Option(help="STEP=WHO or STEP=WHO@TIME; may be repeated.")
    ] = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="Begin anew with the next hand-off.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Show which steps of a ticket's last hand-off are done, by whom and when; set some done."""
    steps = [_step(spec) for spec in done or ()]
    with opened(store) as there:
        for step in steps:
            there.set_done(ticket, step)
        found = there.checklist(ticket)
        if forget:
            there.remove_handoff(ticket)
    if found is None:
        raise InputError(
            "expected a ticket that was handed on; found none with this id. Make its packet with: "
            "tierline handoff --store"
        )
    console.print(f"tier {found.tier}, {found.team}", markup=False, highlight=False)
    for item in checked_steps(found.done, found.made_at):
        by = "" if item.at is None else f" ({item.by}, {item.at:%Y-%m-%d %H:%M} UTC)"
        mark = " " if item.at is None else "x"
        console.print(f"[{mark}] {item.text}{by}", markup=False, highlight=False, soft_wrap=True)
    if found.missing:
        console.print(f"not complete, missing: {', '.join(found.missing)}", markup=False)


def _step(spec: str) -> Done:
    try:
        return Done.model_validate(step_done(spec))
    except ValidationError as error:
        raise InputError(f"--done: {'; '.join(problems_of(error))}") from None
