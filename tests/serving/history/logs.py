"""Small logs, and the map of one."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tierline.data.quarantine import Quarantine
from tierline.serving.history.build import build_map
from tierline.serving.history.desk import Desk, read_desk
from tierline.serving.history.events import Event, EventFile
from tierline.serving.history.formats import format_named
from tierline.serving.history.times import DateOrder, time_reader
from tierline.serving.policy import load_policy

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = 3600
#: Monday, 3 March 2025, 8:00.
START = int(datetime(2025, 3, 3, 8, tzinfo=UTC).timestamp())
Cells = Mapping[str, Any]


def hour(hours: float) -> str:
    """The time so many hours after the start, as a log writes it."""
    return datetime.fromtimestamp(START + hours * HOUR, UTC).isoformat()


def event(ticket: str, hours: float, team: str | None, state: str, **more: Any) -> dict[str, Any]:
    return {"ticket": ticket, "at": hour(hours), "team": team, "state": state, **more}


def written(folder: Path, rows: Sequence[Cells]) -> Path:
    path = folder / "log.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def event_file(
    path: Path,
    kind: str = "plain",
    mapping: Mapping[str, str] | None = None,
    dates: DateOrder | None = None,
) -> EventFile:
    known = format_named(kind)
    read_time = time_reader(dates or known.dates, UTC, NOW)
    return EventFile(path, mapping or {}, kind=known, read_time=read_time)


def mapped(folder: Path, rows: Sequence[Cells], tiers: Mapping[str, int] | None = None) -> Any:
    """The map of a log, and the reasons of its bad rows under ``reasons``."""
    policy = load_policy()
    desk = Desk(tiers=tiers) if tiers else read_desk(policy)
    place = folder / "bad.jsonl"
    with Quarantine(place) as quarantine:
        file = event_file(written(folder, rows))
        said = build_map(file, desk, policy, quarantine, lambda share, note: None)
    lines = place.read_text().splitlines() if place.exists() else []
    return said | {"reasons": [json.loads(line)["reason"] for line in lines]}


def events(*rows: tuple[float, str | None, str | None]) -> list[Event]:
    """The events of one ticket from (hours, team, state)."""
    return [Event("t", int(START + h * HOUR), team=team, state=state) for h, team, state in rows]
