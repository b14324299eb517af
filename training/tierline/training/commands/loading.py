"""``tierline load-test``: how a running server answers under load."""

import asyncio
import os
from importlib.util import find_spec
from math import inf
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tierline.data.errors import InputError
from tierline.serving.commands.shared import FormatOption, MapOption, app, console, pairs_of
from tierline.serving.progress import ShareProgress
from tierline.training.commands.options import PANEL


@app.command(name="load-test", rich_help_panel=PANEL)
def load_test(
    url: Annotated[str, typer.Argument(help="The server, e.g. http://127.0.0.1:8000.")],
    file: Annotated[Path, typer.Argument(help="Tickets to send: CSV, JSON Lines or Parquet.")],
    mapping: MapOption = None,
    source: FormatOption = None,
    callers: Annotated[
        str, typer.Option(help="Callers at a time in the closed loops, comma-separated.")
    ] = "1,2,4,8,16,32,64",
    shares: Annotated[
        str, typer.Option(help="Loads of the open loops, as shares of the best throughput.")
    ] = "0.25,0.5,0.75,1,1.5,2",
    seconds: Annotated[float, typer.Option(min=0.1, help="Seconds per load.")] = 20.0,
    batch: Annotated[int, typer.Option(min=1, max=256, help="Tickets per request.")] = 1,
    api: Annotated[
        str, typer.Option(help="What takes the tickets: tierline, mlflow, litserve or infinity.")
    ] = "tierline",
    soak: Annotated[
        float | None,
        typer.Option(
            min=1,
            help="Hold one load for so many seconds in place of the open loops: half of the best.",
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(min=0.001, help="Tickets per second of --soak; then no closed loops are run."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The figures; the picture is beside it.")] = Path(
        "out/load.json"
    ),
) -> None:
    """Measure a server's throughput and latency; a key is read from TIERLINE_API_KEY."""
    missing = [name for name in ("aiohttp", "matplotlib") if find_spec(name) is None]
    if missing:
        raise InputError(
            f"load-test needs {', '.join(missing)}: pip install 'tierline[bench,report]'"
        )
    from tierline.data.readers import TicketFile
    from tierline.training.loadtest.apis import APIS
    from tierline.training.loadtest.command import LoadTest, run
    from tierline.training.loadtest.tables import loads, soaked

    if rate is not None and soak is None:
        raise InputError("--rate: expected beside --soak SECONDS, whose load it is")
    if api not in APIS:
        raise InputError(f"--api: expected {', '.join(APIS)}; found {api}")
    job = LoadTest(
        url=url,
        file=TicketFile(file, pairs_of(mapping, source)),
        out=out,
        callers=_callers(callers),
        shares=_numbers("--shares", shares),
        seconds=seconds,
        per_request=batch,
        key=os.environ.get("TIERLINE_API_KEY"),
        api=APIS[api],
        soak=soak,
        rate=rate,
    )
    with ShareProgress(console, "load test") as progress:
        found = asyncio.run(run(job, progress.update))
    title = escape(f"{url}: {out} and {out.with_suffix('.svg')}")
    if found.steps:
        console.print(loads(found.steps, title))
    if found.points:
        console.print(
            soaked(found.points, f"soak at {found.points[0].load:,.4g} tickets/s: {title}")
        )


def _callers(listing: str) -> list[int]:
    try:
        found = [int(piece) for piece in listing.split(",") if piece.strip()]
    except ValueError:
        found = []
    if not found or min(found) < 1:
        raise InputError(
            f"--callers: expected whole numbers from 1 on, comma-separated; found {listing}"
        )
    return found


def _numbers(option: str, listing: str) -> list[float]:
    try:
        found = [float(piece) for piece in listing.split(",") if piece.strip()]
    except ValueError:
        found = [-1.0]
    if not all(0 < number < inf for number in found):
        raise InputError(
            f"{option}: expected finite numbers above 0, comma-separated; found {listing}"
        )
    return found
