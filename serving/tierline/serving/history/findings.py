"""What a map says first, in plain sentences: figures that go together, never causes."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

Said = Mapping[str, Any]
#: Fewer tickets than these say little; a finding needs this share of all tickets, too.
_LEAST: Final = 30
_LEAST_SHARE: Final = 0.002
_MOST_OF: Final = 0.5
_MOST_DOORS: Final = 4
_DAYS_FROM: Final = 48
_WHOLE_DAYS_FROM: Final = 100
#: A month with so much less than the busiest one is thin.
_THIN: Final = 0.02
#: Priorities whose names say which is the more urgent: 1 before 2.
_NUMBERED: Final = re.compile(r"[Pp]?[1-9]\b")


def findings(said: Said) -> list[dict[str, str]]:
    """Return the findings, what to look at first on top; ``section`` is where the page has more."""
    makers: tuple[Callable[[Said], Iterator[tuple[str, str, str]]], ...] = (
        _handed_on,
        _wrong_door,
        _ping_pong,
        _unneeded,
        _slow_to_pass,
        _tiers,
        _promises,
        _priorities,
        _reopened,
        _unseen_moves,
        _thin_months,
    )
    return [
        {"section": section, "title": title, "text": text}
        for make in makers
        for section, title, text in make(said)
    ]


def length(hours: float | None) -> str:
    """Return a length of time in words that fit its size."""
    if hours is None:
        return "longer than the log can tell"
    if hours < 1:
        return f"{hours * 60:.0f} min"
    if hours < _DAYS_FROM:
        return f"{hours:.1f} h"
    days = hours / 24
    return f"{days:.1f} days" if days < _WHOLE_DAYS_FROM else f"{days:,.0f} days"


def percent(part: float, whole: float = 1) -> str:
    """Return a share in whole per cent; one that is small but not nothing as ``<1%``."""
    if not whole:
        return "–"
    return "<1%" if 0 < part / whole < 0.005 else f"{part / whole:.0%}"  # noqa: PLR2004


def _least(said: Said) -> int:
    tickets: int = said["log"]["tickets"]
    return max(_LEAST, round(_LEAST_SHARE * tickets))


def _share(part: int, whole: int, what: str = "") -> str:
    return f"{part:,} of {whole:,}{what and ' '}{what} ({percent(part, whole)})"


def _handed_on(said: Said) -> Iterator[tuple[str, str, str]]:
    moved, count = said["handovers"]["tickets"], said["log"]["tickets"]
    rows = {row["moves"]: row for row in said["handovers"]["by_moves"]}
    often = [row for moves, row in rows.items() if moves >= 3]  # noqa: PLR2004
    if not moved:
        return
    text = f"{_share(moved, count, 'tickets')} were handed over at least once."
    if rows.get(0, {}).get("count", 0) >= _LEAST and rows.get(1, {}).get("count", 0) >= _LEAST:
        text += (
            f" Half of those with no hand-over were resolved within "
            f"{length(rows[0]['median_hours'])}, with one within {length(rows[1]['median_hours'])}."
        )
    kept, known = (sum(row[key] for row in often) for key in ("sla_kept", "sla_known"))
    if known >= _LEAST and rows.get(0, {}).get("sla_known", 0) >= _LEAST:
        text += (
            f" The SLA was kept for {percent(rows[0]['sla_kept'], rows[0]['sla_known'])} without a "
            f"hand-over and for {percent(kept, known)} with three or more. Hard tickets are both "
            "handed over and slow: this says where to look, not why."
        )
    yield "handovers", "Hand-overs", text


def _wrong_door(said: Said) -> Iterator[tuple[str, str, str]]:
    rising = said["escalations"]["basis"] == "tiers"
    places = [
        row
        for row in said["starts"]["places"]
        if row["of"] >= _least(said) and row["tickets"] >= _MOST_OF * row["of"]
    ]
    if places:
        listed = "; ".join(
            f"{row['type']} at {row['from']}: {_share(row['tickets'], row['of'])}"
            for row in places[:_MOST_DOORS]
        )
        happened = "escalated from the team that had" if rising else "handed on from where they"
        yield (
            "starts",
            "Wrong doors",
            f"Of these tickets most were {happened}{' them' if rising else ' entered'}. {listed}. "
            "Ask whether they could enter elsewhere, or whether the team could be enabled to "
            "solve them.",
        )
    for row in said["routes"][:1]:
        text = (
            f"{_share(row['tickets'], row['of'], 'tickets')} of {row['type']} that entered at "
            f"{row['from']} went to {row['to']} next, half of them after more than "
            f"{length(row['median_hours_before'])}. They could be sent there at once."
        )
        yield "starts", f"{row['type']} straight to {row['to']}", text


def _ping_pong(said: Said) -> Iterator[tuple[str, str, str]]:
    bounced = said["handovers"]["ping_pong"]
    if bounced["tickets"] < _least(said):
        return
    top = bounced["pairs"][0]
    yield (
        "ping-pong",
        "Ping-pong",
        f"{_share(bounced['tickets'], said['log']['tickets'], 'tickets')} went to another team and "
        f"straight back, {bounced['count']:,} times in all, and were away for "
        f"{length(bounced['hours_away'] / bounced['count'])} on average. The most frequent: from "
        f"{top['team']} to {top['and_back_from']} and back, {top['count']:,} times. Agree between "
        "these two who takes what.",
    )


def _unneeded(said: Said) -> Iterator[tuple[str, str, str]]:
    escalations = said["escalations"]
    if escalations["basis"] == "tiers" and escalations["escalations"] >= _LEAST:
        unneeded = escalations["unnecessary"]
        yield (
            "unnecessary",
            "Unnecessary escalations",
            f"{_share(unneeded['count'], escalations['escalations'], 'escalations')} were "
            f"unnecessary by the policy: {unneeded['came_back_and_was_solved_there']:,} came back "
            f"and were solved where they had come from or below, "
            f"{unneeded['beyond_the_policys_path']:,} went beyond the path for their type.",
        )
    trips = escalations["round_trips"]
    if escalations["basis"] == "teams" and trips["tickets"] >= _least(said):
        top = trips["by_team"][0]
        yield (
            "unnecessary",
            "Round trips",
            f"{_share(trips['tickets'], said['log']['tickets'], 'tickets')} left a team and were "
            f"in the end solved by that very team; they were away for "
            f"{length(trips['hours_away'] / trips['tickets'])} on average. {top['tickets']:,} of "
            f"them were {top['team']}'s.",
        )


def _slow_to_pass(said: Said) -> Iterator[tuple[str, str, str]]:
    rows = [row for row in said["teams"] if row["passed_on"] >= _least(said)]
    if not rows:
        return
    top = max(rows, key=lambda row: row["passed_on"] * row["median_hours_before_passing"])
    yield (
        "teams",
        f"Waiting to be passed on at {top['name']}",
        f"{top['name']} passed tickets on {top['passed_on']:,} times; half of these had been "
        f"there for more than {length(top['median_hours_before_passing'])}. A rule for what to "
        "pass on at once would show first here.",
    )


def _tiers(said: Said) -> Iterator[tuple[str, str, str]]:
    for row in said["tiers"]:
        expected = row["expected_to_rise"]
        if row["tickets"] >= _least(said) and row["raised"] > expected * row["tickets"]:
            yield (
                "tiers",
                f"More than expected leave {row['name']}",
                f"{_share(row['raised'], row['tickets'], 'tickets')} of {row['name']} went to a "
                f"higher tier; the policy expects {expected:.0%}.",
            )


def _promises(said: Said) -> Iterator[tuple[str, str, str]]:
    sla = said["outcomes"]["sla"]
    if not sla["known"]:
        return
    text = f"The SLA was kept for {_share(sla['kept'], sla['known'], 'tickets')}."
    rows = [row for row in sla["by_priority"] if row["known"] >= _LEAST]
    if len(rows) > 1:
        worst = min(rows, key=lambda row: row["kept"] / row["known"])
        text += f" Least often for {worst['name']}: {_share(worst['kept'], worst['known'])}."
    yield "sla", "SLA", text


def _priorities(said: Said) -> Iterator[tuple[str, str, str]]:
    rows = [
        row
        for row in said["volumes"]["time_by_priority"]
        if row["count"] >= _LEAST
        and row["median_hours"] is not None
        and _NUMBERED.match(row["name"])
    ]
    if len(rows) < 2 or rows[0]["median_hours"] <= rows[-1]["median_hours"]:  # noqa: PLR2004
        return
    first, last = rows[0], rows[-1]
    yield (
        "volumes",
        "Priorities",
        f"Half of the {first['name']} tickets took more than {length(first['median_hours'])}, of "
        f"{last['name']} more than {length(last['median_hours'])}: the more urgent ones take "
        "longer. A priority alone doesn't make a queue faster.",
    )


def _reopened(said: Said) -> Iterator[tuple[str, str, str]]:
    reopened, count = said["outcomes"]["reopened"], said["log"]["tickets"]
    if reopened["tickets"] < _LEAST:
        return
    rows: Sequence[Said] = [row for row in reopened["by_type"] if row["tickets"] >= _LEAST / 3]
    text = f"{_share(reopened['tickets'], count, 'tickets')} were reopened."
    if rows:
        top = max(rows, key=lambda row: row["tickets"] / row["of"])
        text += f" Most often {top['name']}: {_share(top['tickets'], top['of'])}."
    yield "reopened", "Reopened", text


def _unseen_moves(said: Said) -> Iterator[tuple[str, str, str]]:
    moves = said["handovers"]["moves"]
    counted = said["handovers"]["moves_by_the_logs_own_count"]
    if counted is not None and counted > 1.02 * moves:
        yield (
            "method",
            "Moves that left no trace",
            f"The log's own counter says {counted:,} moves, {moves:,} can be seen: the others "
            "left no event with another team's name. Everything here about hand-overs is "
            "therefore rather too low.",
        )


def _thin_months(said: Said) -> Iterator[tuple[str, str, str]]:
    months = said["volumes"]["by_month"]
    busiest = max(month["opened"] for month in months)
    thin = [month["month"] for month in months if month["opened"] < _THIN * busiest]
    if thin:
        yield (
            "volumes",
            "Thin months",
            f"{len(thin)} of {len(months)} months ({thin[0]} to {thin[-1]}) have less than "
            f"{_THIN:.0%} of the tickets of the busiest one. A log like that is usually an "
            "extract made by some rule: don't read its thin months as a quiet desk.",
        )
