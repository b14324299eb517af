"""The one command ``tierline``, and the options that several commands share."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from tierline.data.columns import NO_LABELS, parse_map
from tierline.data.errors import InputError
from tierline.data.helpdesk import Format, export_map
from tierline.models.runtime.graph import Device
from tierline.serving.helpdesk.desks import desk_of
from tierline.serving.model_source import CHAMPION_URI, load_predictor
from tierline.serving.policy import Policy, load_policy
from tierline.serving.problems import problems_of
from tierline.serving.routing.known_labels import unused_labels
from tierline.serving.routing.router import Router

console = Console()
errors = Console(stderr=True)
app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Triage and route support tickets: score backlogs, answer over HTTP, train and promote.",
)

ModelOption = Annotated[
    str, typer.Option("--model", help="A bundle's folder, or models:/NAME@ALIAS in MLflow.")
]
DeviceOption = Annotated[
    Device, typer.Option(help="What computes the encoder; cuda needs onnxruntime-gpu.")
]
RulesOnly = Annotated[bool, typer.Option("--rules-only", help="Answer without any model.")]
MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        help="FIELD=COLUMN pairs, e.g. body=description; FIELD= reads none (repeatable).",
    ),
]
FormatOption = Annotated[
    Format | None,
    typer.Option("--format", help="The help desk whose export this is; plain tables if absent."),
]
PolicyOption = Annotated[
    Path | None, typer.Option("--policy", help="TOML file that overrides the default policy.")
]

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar="TIERLINE_STORE_URL",
        show_envvar=True,
        help="Store of decisions: sqlite:///FILE or postgresql://USER@HOST/DATABASE.",
    ),
]
SpoolOption = Annotated[
    Path | None,
    typer.Option(
        "--spool",
        envvar="TIERLINE_STORE_SPOOL",
        show_envvar=True,
        help="Folder where decisions wait while the store is away.",
    ),
]

SeverityOption = Annotated[
    str | None,
    typer.Option("--severity", help="Severity by your own judgement: counts for the model's."),
]

NowOption = Annotated[
    str | None, typer.Option("--now", help="The clock, ISO 8601; the present if absent.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]


def invalid(error: ValidationError, what: str) -> InputError:
    """Return what doesn't fit, each with its field; ``what`` names the whole."""
    return InputError("; ".join(problems_of(error, what)))


LabelsOption = Annotated[
    Path | None,
    typer.Option("--labels", help="TOML file that says which labels were renamed or retired."),
]


def pairs_of(
    mapping: str | Sequence[str] | None,
    source: Format | None,
    policy: Policy | None = None,
    *,
    labels: bool = True,
) -> Mapping[str, str]:
    """Return how files are read by ``--map`` and ``--format``; the policy names groups.

    Where no ``labels`` are needed they stay unread, whatever ``--map`` says of them.
    """
    desk = desk_of(policy, source) if policy and source else None
    pairs = parse_map(mapping) | ({} if labels else NO_LABELS)
    return export_map(pairs, source, desk)


def refuse_unused(model: str, rules_only: bool) -> None:
    """Refuse options that name a model and ask for none.

    Raises:
        InputError: saying which model would go unused.
    """
    if rules_only and model != CHAMPION_URI:
        raise InputError(f"expected --model or --rules-only; found both: {model} would go unused")


def make_router(
    model: str, rules_only: bool, policy_file: Path | None, device: Device = Device.CPU
) -> Router:
    """Return what answers, by the command's options.

    Raises:
        InputError: as `refuse_unused`.
    """
    refuse_unused(model, rules_only)
    policy = load_policy(policy_file)
    return Router(policy) if rules_only else router_with(policy, model, device)


def router_with(policy: Policy, model: str, device: Device = Device.CPU) -> Router:
    """Return a router with the model; its labels that no rule uses are told."""
    predictor = load_predictor(model, device)
    router = Router(policy, predictor)
    for line in unused_labels(policy, predictor.manifest.heads):
        errors.print(f"note: {line}", markup=False)
    return router


def clock_at(now: str | None, option: str = "--now") -> datetime:
    """Return the instant that an option gives, the present when it is absent."""
    if now is None:
        return datetime.now(UTC)
    try:
        clock = datetime.fromisoformat(now)
    except ValueError:
        raise InputError(f"{option}: expected an ISO 8601 time; found {now!r}") from None
    return clock if clock.tzinfo else clock.replace(tzinfo=UTC)
