"""The figures of small logs, every one computed by hand."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tierline.data.errors import InputError
from tierline.serving.history.findings import length, percent

from .logs import event, hour, mapped


def simple() -> list[dict[str, Any]]:
    """Four tickets: solved at once, handed over, ping-pong, and still open.

    a: Desk 0–1 h.  b: Desk 0–2 h, Net 2–6 h.  c: Desk 0–1, Net 1–4, Desk 4–5; reopened, 8–10.
    d: Net from 2 h on, open; the log ends at 10 h.
    """
    return [
        event("a", 0, "Desk", "New", priority="P3", type="mail", sla=True),
        event("a", 1, "Desk", "Resolved"),
        event("b", 0, "Desk", "New", priority="P3", type="net", sla=True),
        event("b", 2, "Net", "Active"),
        event("b", 6, "Net", "Resolved", sla=False),
        event("c", 0, "Desk", "New", priority="P1", type="net"),
        event("c", 1, "Net", "Waiting for vendor"),
        event("c", 4, "Desk", "Active"),
        event("c", 5, "Desk", "Resolved"),
        event("c", 8, "Desk", "Active"),
        event("c", 10, "Desk", "Closed", sla=False),
        event("d", 2, "Net", "New", priority="P4", type="net"),
    ]


def test_volumes(tmp_path: Path) -> None:
    said = mapped(tmp_path, simple())["volumes"]
    assert said["by_type"] == [{"name": "net", "tickets": 3}, {"name": "mail", "tickets": 1}]
    assert [(r["name"], r["tickets"]) for r in said["by_priority"]] == [
        ("P1", 1),
        ("P3", 2),
        ("P4", 1),
    ]
    assert said["by_month"] == [
        {"month": "2025-03", "opened": 4, "by_priority": {"P1": 1, "P3": 2, "P4": 1}}
    ]
    assert said["by_week"] == [{"week": "2025-03-03", "opened": 4, "resolved": 3}]
    # 1, 6, 10 h ended, d runs for 8 h: survival 3/4 after 1, 1/2 after 6, 0 after 10.
    assert said["time_to_resolve"] == {
        "count": 4, "running": 1, "median_hours": 6.0, "p90_hours": 10.0
    }  # fmt: skip


def test_hand_overs_and_ping_pong(tmp_path: Path) -> None:
    said = mapped(tmp_path, simple())["handovers"]
    assert (said["tickets"], said["moves"], said["different_chains"]) == (2, 3, 2)
    assert [(c["teams"], c["count"]) for c in said["chains"]] == [
        (["Desk", "Net"], 1),
        (["Desk", "Net", "Desk"], 1),
    ]
    assert said["pairs"] == [
        {"from": "Desk", "to": "Net", "moves": 2},
        {"from": "Net", "to": "Desk", "moves": 1},
    ]
    assert said["flows"] == [
        {"entered": "Desk", "ended": "Desk", "tickets": 1},
        {"entered": "Desk", "ended": "Net", "tickets": 1},
    ]
    assert said["ping_pong"] == {
        "count": 1,
        "tickets": 1,
        "hours_away": 3.0,
        "pairs": [{"team": "Desk", "and_back_from": "Net", "count": 1, "hours_away": 3.0}],
    }
    assert [(r["moves"], r["count"], r["sla_kept"], r["sla_known"]) for r in said["by_moves"]] == [
        (0, 2, 1, 1),
        (1, 1, 0, 1),
        (2, 1, 0, 1),
    ]


def test_time_in_each_team(tmp_path: Path) -> None:
    desk, net = mapped(tmp_path, simple())["teams"]
    # Desk: a 1 h, b 2 h, c 1 + 1 + 2 = 4 h. Net: b 4 h, c 3 h waiting, d 8 h and counting.
    assert (desk["name"], desk["tickets"], desk["visits"], desk["entered"]) == ("Desk", 3, 4, 3)
    assert (desk["solved"], desk["passed_on"], desk["hours"]) == (2, 2, 7.0)
    assert desk["time"] == {"count": 3, "running": 0, "median_hours": 2.0, "p90_hours": 4.0}
    assert desk["median_hours_before_passing"] == 1.0
    assert (net["tickets"], net["entered"], net["solved"], net["passed_on"]) == (3, 1, 1, 1)
    assert net["time"] == {"count": 3, "running": 1, "median_hours": 4.0, "p90_hours": None}
    assert net["hours"] == 15.0
    assert net["waiting_share"] == pytest.approx(3 / 15)
    assert desk["share_of_time"] + net["share_of_time"] == pytest.approx(1.0)


def test_promises_kept_and_reopened(tmp_path: Path) -> None:
    said = mapped(tmp_path, simple())["outcomes"]
    assert (said["sla"]["kept"], said["sla"]["known"]) == (1, 3)
    assert said["sla"]["by_priority"] == [
        {"name": "P1", "kept": 0, "known": 1},
        {"name": "P3", "kept": 1, "known": 2},
    ]
    assert said["reopened"] == {
        "tickets": 1, "times": 1, "by_type": [{"name": "net", "tickets": 1, "of": 3}]
    }  # fmt: skip
    assert said["policy"] == {"kept": 0, "known": 0, "by_tier": []}


def test_promises_by_the_policys_times(tmp_path: Path) -> None:
    said = mapped(tmp_path, simple(), {"Desk": 1, "Net": 2})["outcomes"]["policy"]
    # Tier 1: P3 is answered within 8 h, so a is kept; P1's c is due in 1 h, too late. Tier 2: P3's
    # b took 6 h; P4's d is open, and not late before 48 h.
    assert said["by_tier"] == [
        {"tier": 1, "within_hours": 1.0, "kept": 1, "known": 2},
        {"tier": 2, "within_hours": 4.0, "kept": 1, "known": 1},
    ]


def test_an_open_ticket_that_is_not_late_yet_is_in_no_figure(tmp_path: Path) -> None:
    said = mapped(tmp_path, simple(), {"Desk": 1, "Net": 3})["outcomes"]["policy"]
    # Tier 3 within 24 h: b kept; d has been open for 8 h.
    assert said["by_tier"][1] == {"tier": 3, "within_hours": 24.0, "kept": 1, "known": 1}


def test_figures_in_words() -> None:
    shares = [percent(n, 1000) for n in (0, 4, 6, 636, 1000)]
    assert shares == ["0%", "<1%", "1%", "64%", "100%"]
    assert percent(1, 0) == "–"
    hours = [length(h) for h in (0, 0.75, 1, 47.94, 48, 240_000, None)]
    assert hours == [
        "0 min", "45 min", "1.0 h", "47.9 h", "2.0 days", "10,000 days",
        "longer than the log can tell",
    ]  # fmt: skip


def test_without_tiers_the_map_says_so_and_counts_round_trips(tmp_path: Path) -> None:
    said = mapped(tmp_path, simple())
    assert (said["escalations"]["basis"], said["tiers"]) == ("teams", [])
    assert said["escalations"]["escalations"] == 0
    assert said["escalations"]["round_trips"] == {
        "tickets": 1, "hours_away": 3.0, "by_team": [{"team": "Desk", "tickets": 1}]
    }  # fmt: skip
    assert said["starts"]["places"] == [{"type": "net", "from": "Desk", "tickets": 2, "of": 2}]


def moved(ticket: str, teams: Sequence[str], **more: Any) -> list[dict[str, Any]]:
    """A ticket that goes through teams named by letters, an hour each, and is solved."""
    rows = [event(ticket, i, team, "Active", **more) for i, team in enumerate(teams)]
    return [*rows, event(ticket, len(teams), teams[-1], "Resolved")]


def test_escalations_and_the_unnecessary_ones(tmp_path: Path) -> None:
    tiers = {"A": 1, "a": 1, "B": 2, "C": 3, "D": 4}
    rows = [
        *moved("needed", "AB", type="access", priority="P3"),
        *moved("back", "ABA", type="access", priority="P3"),
        *moved("back-below", "BCA", type="performance", priority="P3"),
        *moved("back-to-a-colleague", "CDC", type="bug", priority="P1"),
        # Access is tier 1's, its path ends at tier 3: the step to 4 is beyond it.
        *moved("beyond", "ACD", type="access", priority="P3"),
        # Nobody owns "odd", so no path judges this one.
        *moved("unjudged", "AD", type="odd", priority="P3"),
        *moved("unknown-team", "AX", type="access", priority="P3"),
    ]
    said = mapped(tmp_path, rows, {k: v for k, v in tiers.items() if k != "a"})
    found = said["escalations"]
    # needed 1, back 1, back-below 1, colleague 1, beyond 2, unjudged 1.
    assert (found["basis"], found["escalations"], found["tickets"]) == ("tiers", 7, 6)
    assert found["lowered"] == 3
    assert found["unnecessary"] == {
        "count": 4,
        "came_back_and_was_solved_there": 3,
        "beyond_the_policys_path": 1,
        "with_a_path_known": 6,
    }
    assert (found["visits"] - found["visits_with_known_tier"]) == 1
    # Policy's entries: access 1 (4 tickets at A), performance 2 at B, bug P1 3 at C; odd unknown.
    assert found["entered"] == {"as_policy": 6, "unknown": 1}
    tier_1 = said["tiers"][0]
    assert (tier_1["tickets"], tier_1["raised"], tier_1["expected_to_rise"]) == (6, 4, 0.2)
    # Of back-below, colleague and beyond, the last two went up from tier 3, the first came down.
    assert (said["tiers"][2]["tickets"], said["tiers"][2]["raised"]) == (3, 2)
    assert {(p["type"], p["from"]): (p["tickets"], p["of"]) for p in said["starts"]["places"]} == {
        ("access", "A"): (3, 4),
        ("bug", "C"): (1, 1),
        ("odd", "A"): (1, 1),
        ("performance", "B"): (1, 1),
    }


def test_entering_above_the_policys_tier(tmp_path: Path) -> None:
    rows = [
        *moved("kept", "B", type="access", priority="P3"),
        *moved("came-down", "BA", type="access", priority="P3"),
        *moved("too-low", "A", type="feature_request", priority="P4"),
    ]
    found = mapped(tmp_path, rows, {"A": 1, "B": 2})["escalations"]["entered"]
    assert found == {"above": 2, "above_solved_at_or_below_policys_tier": 1, "below": 1}


def test_a_frequent_route_is_named(tmp_path: Path) -> None:
    rows = [r for i in range(20) for r in moved(f"m{i}", "AB", type="mail")]
    rows += [r for i in range(20) for r in moved(f"s{i}", "A", type="mail")]
    rows += [r for i in range(19) for r in moved(f"n{i}", "AB", type="net")]
    assert mapped(tmp_path, rows)["routes"] == [
        {
            "type": "mail",
            "from": "A",
            "to": "B",
            "tickets": 20,
            "of": 40,
            "median_hours_before": 1.0,
        }
    ]


def test_the_order_of_the_file_and_duplicates_change_no_figure(tmp_path: Path) -> None:
    rows = simple()
    straight = mapped(tmp_path, rows)
    mixed = [*rows, *rows[3:7]]
    random.Random(3).shuffle(mixed)  # noqa: S311
    other = mapped(tmp_path, mixed)
    assert other["log"]["duplicate_events"] == 4
    assert other["log"]["events_set_back"] > 0
    for part in set(straight) - {"log"}:
        assert other[part] == straight[part], part


def test_bad_rows_are_put_aside_with_reasons_and_nothing_is_lost(tmp_path: Path) -> None:
    bad = [
        event("x", 0, "Desk", "New") | {"at": "31/12/2024 10:00"},
        event("x", 0, "Desk", "New") | {"at": "2199-01-01"},
        event("x", 0, "Desk", "New") | {"ticket": None},
        event("x", 0, "Desk", "New", order=-1),
        event("x", 0, "Desk", "New", tier="nine"),
        event("x", 0, "Desk", "New", sla="perhaps"),
        event("x", 0, "T" * 300, "New"),
        event("x", 0, "\ud800", "New"),
    ]
    said = mapped(tmp_path, [*simple(), *bad])
    assert said["log"]["events"] + said["rows_quarantined"] == len(simple()) + len(bad)
    reasons = said["reasons"]
    assert [reason.split(":")[0] for reason in reasons] == [
        "at", "at", "ticket", "order", "tier", "sla", "team", "team"
    ]  # fmt: skip
    assert "--dates day-first" in reasons[0]
    assert "TTT" not in str(reasons)
    assert said["handovers"] == mapped(tmp_path, simple())["handovers"]


def test_states_that_nobody_understands_are_named(tmp_path: Path) -> None:
    rows = [
        event("a", 0, "Desk", "Zzz"),
        event("a", 1, "Desk", "Zzz"),
        event("b", 3, "Desk", "Done"),
    ]
    said = mapped(tmp_path, rows)["log"]
    assert said["states_not_understood"] == [{"name": "Zzz", "events": 2}]
    assert said["tells_ends"] is True


def test_the_logs_own_counters_are_compared(tmp_path: Path) -> None:
    rows = moved("a", "AB", moves=7, reopened=2)
    said = mapped(tmp_path, rows)
    assert said["handovers"]["moves_by_the_logs_own_count"] == 7
    assert said["outcomes"]["reopened"]["times"] == 2
    assert said["findings"][-1]["title"] == "Moves that left no trace"


def test_findings_speak_of_what_is_frequent(tmp_path: Path) -> None:
    rows = [
        r for i in range(40) for r in moved(f"b{i}", "ABA", type="net", priority="P1", sla=False)
    ]
    rows += [
        r for i in range(40) for r in moved(f"s{i}", "B", type="mail", priority="P4", sla=True)
    ]
    said = {f["title"]: f["text"] for f in mapped(tmp_path, rows)["findings"]}
    assert "40 of 80 tickets (50%) were handed over" in said["Hand-overs"]
    assert "net at A: 40 of 40 (100%)" in said["Wrong doors"]
    assert "40 of 40 tickets (100%) of net" in said["net straight to B"]
    assert "from A to B and back, 40 times" in said["Ping-pong"]
    assert "away for 1.0 h on average" in said["Round trips"]
    assert "Least often for P1: 0 of 40 (0%)" in said["SLA"]
    assert "P1 tickets took more than 3.0 h, of P4 more than 1.0 h" in said["Priorities"]


def test_a_few_tickets_give_no_findings(tmp_path: Path) -> None:
    rows = [event("a", 0, "Desk", "New"), event("a", 1, "Desk", "Closed")]
    assert mapped(tmp_path, rows)["findings"] == []


def test_a_log_without_any_usable_event_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="every row"):
        mapped(tmp_path, [{"ticket": "a", "at": "yesterday", "team": "Desk"}])


def test_an_opening_after_the_first_event_is_no_negative_time(tmp_path: Path) -> None:
    rows = [event("a", 0, "Desk", "New", created=hour(3)), event("a", 4, "Desk", "Done")]
    assert mapped(tmp_path, rows)["volumes"]["time_to_resolve"]["median_hours"] == 4.0
