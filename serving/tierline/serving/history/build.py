"""The whole map of one log, computed once for page, JSON and terminal."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from tierline.data.errors import InputError
from tierline.data.quarantine import Quarantine
from tierline.data.rows import BadRow
from tierline.serving.history.desk import Desk, Phase
from tierline.serving.history.escalations import Escalations
from tierline.serving.history.events import EventFile
from tierline.serving.history.findings import findings
from tierline.serving.history.handovers import Handovers
from tierline.serving.history.holders import Holders
from tierline.serving.history.life import live
from tierline.serving.history.log import EventLog, Flaws
from tierline.serving.history.outcomes import Outcomes
from tierline.serving.history.promises import Promises
from tierline.serving.history.starts import Starts
from tierline.serving.history.volumes import Volumes
from tierline.serving.policy import Policy

#: Version of the JSON: it rises when a key changes its meaning or goes.
SCHEMA: Final = 1
_READING: Final = 0.6
_EVERY: Final = 500
Progress = Callable[[float, str], None]


def build_map(
    file: EventFile, desk: Desk, policy: Policy, quarantine: Quarantine, progress: Progress
) -> dict[str, Any]:
    """Read a log and return everything that its map says, as plain data for JSON.

    ``progress`` is told the share done and what has been counted.

    Raises:
        InputError: when the log is unusable as a whole, or has no usable event.
    """
    with EventLog() as log:
        states = _read(file, log, desk, quarantine, progress)
        if not log.count:
            raise InputError(
                f"expected events; every row of {file.path.name} is unusable or there is none: "
                f"the reasons are in {quarantine.path}"
            )
        return _measure(log, desk, policy, progress, states) | {
            "file": file.path.name,
            "rows_quarantined": quarantine.count,
        }


def _read(
    file: EventFile, log: EventLog, desk: Desk, quarantine: Quarantine, progress: Progress
) -> Counter[str]:
    """Fill the log; return how many events carry each state whose meaning nobody knows."""
    unknown: Counter[str] = Counter()
    for number, row in enumerate(file, start=1):
        if isinstance(row, BadRow):
            quarantine.add(row, file.path)
            continue
        log.add(row)
        phase = desk.phase_of(row.state)
        log.tells_ends |= phase is Phase.ENDED or row.resolved is not None
        if row.state is not None and phase is None:
            unknown[row.state] += 1
        if number % _EVERY == 0:
            progress(_READING * file.progress, f"{number:,} events")
    return unknown


def _measure(
    log: EventLog, desk: Desk, policy: Policy, progress: Progress, states: Counter[str]
) -> dict[str, Any]:
    promises, flaws = Promises(policy), Flaws()
    volumes, handovers, outcomes = Volumes(), Handovers(), Outcomes(promises)
    teams = Holders(lambda visit: visit.team)
    tiers = Holders(lambda visit: f"tier {visit.tier}" if visit.tier else None)
    escalations = Escalations(promises)
    first_moves, first_rises = Starts(rising=False), Starts(rising=True)
    every = (volumes, handovers, outcomes, teams, tiers, escalations, first_moves, first_rises)
    count, seen, opened = 0, 0, log.first
    for events in log.tickets(flaws):
        life = live(events, desk, log.last, log.tells_ends)
        for measure in every:
            measure.add(life)
        count, seen, opened = count + 1, seen + len(events), min(opened, life.start)
        if count % _EVERY == 0:
            share = _READING + (1 - _READING) * seen / log.count
            progress(share, f"{count:,} tickets")
    said = {
        "schema": SCHEMA,
        "policy": policy.version,
        "log": {
            "tickets": count,
            "events": log.count,
            "opened_from": _iso(opened),
            "last_event": _iso(log.last),
            "duplicate_events": flaws.duplicates,
            "events_set_back": flaws.set_back,
            "tells_ends": log.tells_ends,
            "states_not_understood": [{"name": n, "events": c} for n, c in states.most_common()],
        },
        "volumes": volumes.as_json(),
        "handovers": handovers.as_json(),
        "teams": teams.as_json(),
        "tiers": _with_expected(tiers.as_json(), policy),
        "outcomes": outcomes.as_json(),
        "escalations": escalations.as_json(),
        "starts": (first_rises if escalations.basis == "tiers" else first_moves).as_json(),
        "routes": first_moves.as_json()["routes"],
    }
    return said | {"findings": findings(said)}


def _with_expected(rows: list[dict[str, Any]], policy: Policy) -> list[dict[str, Any]]:
    """Put beside each tier what share the policy expects to go further."""
    expected = {f"tier {n}": tier.expected_escalation for n, tier in policy.tiers.items()}
    by_tier = sorted(rows, key=lambda row: str(row["name"]))
    return [row | {"expected_to_rise": expected[row["name"]]} for row in by_tier]


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
