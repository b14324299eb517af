"""One ticket's life: visits, ends, reopening; and events put in order."""

from hypothesis import given
from hypothesis import strategies as st

from tierline.serving.history.desk import Desk, Phase
from tierline.serving.history.events import Event
from tierline.serving.history.life import Life, live
from tierline.serving.history.log import EventLog, Flaws, in_order

from .logs import HOUR, START, events

DESK = Desk(tiers={"desk": 1, "Experts": 3})
LOG_END = START + 100 * HOUR


def spans(life: Life) -> list[tuple[str | None, float, float]]:
    """Team, open hours and waiting hours of each visit."""
    return [(v.team, v.open / HOUR, v.waiting / HOUR) for v in life.visits]


def test_each_event_holds_until_the_next() -> None:
    rows = events(
        (0, "Desk", "New"), (2, "Experts", "Active"), (5, "Experts", "Awaiting User Info"),
        (9, "Desk", "Active"), (10, "Desk", "Resolved"), (130, "Desk", "Closed"),
    )  # fmt: skip
    life = live(rows, DESK, LOG_END)
    assert spans(life) == [("Desk", 2, 0), ("Experts", 7, 4), ("Desk", 1, 0)]
    assert [v.tier for v in life.visits] == [1, 3, 1]
    assert (life.start, life.end, life.ended) == (START, START + 10 * HOUR, True)


def test_time_between_resolving_and_reopening_is_nobodys() -> None:
    rows = events((0, "A", "New"), (1, "A", "Resolved"), (20, "B", "Active"), (23, "B", "Closed"))
    life = live(rows, DESK, LOG_END)
    assert spans(life) == [("A", 1, 0), ("B", 3, 0)]
    assert (life.idle / HOUR, life.reopened) == (19, 1)


def test_an_open_ticket_lasts_to_the_end_of_the_log() -> None:
    life = live(events((0, "A", "New"), (4, "B", "On hold")), DESK, LOG_END)
    assert spans(life) == [("A", 4, 0), ("B", 96, 96)]
    assert not life.ended


def test_an_event_that_names_no_team_leaves_the_ticket_where_it_is() -> None:
    rows = events((0, None, "New"), (1, "A", None), (3, None, "Active"), (6, None, "Resolved"))
    assert spans(live(rows, DESK, LOG_END)) == [(None, 1, 0), ("A", 5, 0)]


def test_a_move_after_the_end_is_counted_apart() -> None:
    rows = events((0, "A", "New"), (1, "A", "Resolved"), (3, "B", "Closed"))
    life = live(rows, DESK, LOG_END)
    assert spans(life) == [("A", 1, 0)]
    assert life.later_moves == 1


def test_opening_before_the_first_event_counts_for_the_first_team() -> None:
    first, last = events((5, "A", "New"), (6, "A", "Closed"))
    life = live([first._replace(created=START), last], DESK, LOG_END)
    assert spans(life) == [("A", 6, 0)]


def test_the_resolution_that_the_log_names_counts_before_closing() -> None:
    rows = [
        e._replace(resolved=START + 2 * HOUR) for e in events((1, "A", "New"), (9, "A", "Closed"))
    ]
    assert live(rows, DESK, LOG_END).end == START + 2 * HOUR


def test_without_states_the_named_resolution_ends_the_ticket() -> None:
    rows = [e._replace(resolved=START + 8 * HOUR) for e in events((0, "A", None), (3, "B", None))]
    life = live(rows, DESK, LOG_END)
    assert spans(life) == [("A", 3, 0), ("B", 5, 0)]
    assert life.ended


def test_a_log_that_tells_no_end_ends_with_the_last_event() -> None:
    rows = events((0, "A", None), (3, "B", None))
    assert spans(live(rows, DESK, LOG_END, tells_ends=False)) == [("A", 3, 0), ("B", 0, 0)]


def test_a_tier_that_the_log_names_is_part_of_the_place() -> None:
    first, second = events((0, "Support", "New"), (2, "Support", "Active"))
    life = live([first._replace(tier=1), second._replace(tier=2)], DESK, LOG_END)
    assert [(v.team, v.tier) for v in life.visits] == [
        ("Support, tier 1", 1),
        ("Support, tier 2", 2),
    ]


def test_the_logs_own_order_counts_and_a_time_that_runs_back_is_lifted() -> None:
    flaws = Flaws()
    rows = [
        e._replace(order=i)
        for i, e in enumerate(events((3, "A", "New"), (1, "B", "Active"), (4, "C", "Active")))
    ]
    found = in_order([rows[2], rows[1], rows[0], rows[0]], flaws)
    assert [(e.team, (e.at - START) / HOUR) for e in found] == [("A", 3), ("B", 3), ("C", 4)]
    assert flaws == Flaws(duplicates=1, set_back=1)


def test_without_an_order_the_times_count() -> None:
    flaws = Flaws()
    found = in_order(events((0, "A", "New"), (5, "C", None), (2, "B", None)), flaws)
    assert [e.team for e in found] == ["A", "B", "C"]
    assert flaws == Flaws(set_back=1)


def test_the_log_yields_each_ticket_once_however_mixed() -> None:
    a, b = events((0, "A", "New"), (1, "B", "Closed"))
    with EventLog() as log:
        for one in (a, b._replace(ticket="u"), b, a._replace(ticket="u")):
            log.add(one)
        found = [[(e.ticket, e.team) for e in group] for group in log.tickets(Flaws())]
    assert found == [[("t", "A"), ("t", "B")], [("u", "A"), ("u", "B")]]
    assert (log.first, log.last, log.count) == (a.at, b.at, 4)


_STATES = st.sampled_from(["New", "Active", "Awaiting Vendor", "Resolved", "Closed", "odd", None])
_EVENTS = st.lists(
    st.tuples(st.integers(0, 90), st.sampled_from(["A", "B", "C", None]), _STATES),
    min_size=1,
    max_size=12,
    unique_by=lambda row: row[0],
)


def _lived(rows: list[Event]) -> Life:
    return live(in_order(rows, Flaws()), DESK, LOG_END)


@given(_EVENTS, st.none() | st.integers(0, 95))
def test_the_time_in_teams_and_between_adds_up_to_the_life(
    rows: list[tuple[float, str | None, str | None]], created: int | None
) -> None:
    made = events(*rows)
    if created is not None:
        made[0] = made[0]._replace(created=START + created * HOUR)
    life = _lived(made)
    assert sum(v.open for v in life.visits) + life.idle == life.end - life.start
    assert all(0 <= v.waiting <= v.open for v in life.visits)


@given(_EVENTS, st.randoms(use_true_random=False))
def test_neither_the_order_in_the_file_nor_duplicates_change_a_life(
    rows: list[tuple[float, str | None, str | None]], random: "st.DataObject"
) -> None:
    made = events(*rows)
    mixed = [*made, *made[: len(made) // 2]]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert _lived(mixed) == _lived(made)


def test_states_of_common_help_desks_are_understood() -> None:
    desk = Desk(states={"Parked by  Eve": Phase.WAITING})
    known = {
        "New": "working", "Open": "working", "In Progress": "working", "pending": "waiting",
        "Waiting for customer": "waiting", "On Hold": "waiting", "Solved": "ended",
        "Cancelled": "ended", "parked by eve": "waiting",
    }  # fmt: skip
    assert {state: desk.phase_of(state) for state in known} == known
    assert desk.phase_of("-100") is None
