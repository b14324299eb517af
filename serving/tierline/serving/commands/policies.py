"""The policy: shown as agents read it, and checked."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tierline.serving.clock.gaps import closed_hours, unserved_hours
from tierline.serving.commands.shared import app, console, errors, router_with
from tierline.serving.policy import load_policy, toml_of_default
from tierline.serving.policy.doubts import doubts
from tierline.serving.policy.load import policy_content
from tierline.serving.policy.prose import prose

policy_app = typer.Typer(no_args_is_help=True, help="Read and check the escalation policy.")
app.add_typer(policy_app, name="policy", rich_help_panel="Policy")


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
    """Check a policy file; every problem is named with its key.

    What is hardly meant is a warning: promised hours at which nobody serves a tier, teams without
    capacity, names of teams and lanes that the policy doesn't have, people in two teams.
    """
    policy = load_policy(file)
    if model is not None:
        router_with(policy, model)
    now = datetime.now(UTC)
    for line in (*doubts(policy, policy_content(file)), *unserved_hours(policy, now)):
        errors.print(f"warning: {line}", markup=False, soft_wrap=True)
    for line in closed_hours(policy, now):
        errors.print(f"note: {line}", markup=False, soft_wrap=True)
    console.print(f"{file}: good, policy version {policy.version}", markup=False)
