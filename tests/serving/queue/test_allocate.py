"""Who takes a ticket: skills, capacities, hours, limits and exclusions."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.data.labels import Severity
from tierline.serving.policy import Policy
from tierline.serving.queue.allocate import Service, allocate
from tierline.serving.queue.choices import Waiting, Way
from tierline.serving.queue.entry import Entry
from tierline.serving.queue.priority import order

from ..fakes import NOW, POLICY
from ..test_recommend_properties import PROFILE
from .queues import LANGUAGES, backlogs, entry, policy_with_queue

HOUR = timedelta(hours=1)
MONDAY = datetime(2025, 3, 10, tzinfo=UTC)
#: Open from 14:00 on; NOW is Monday, 12:00.
AFTERNOON = {"afternoon": {"hours": {"monday": ["14:00-18:00"], "tuesday": ["14:00-18:00"]}}}
ON_CALL = {"afternoon": AFTERNOON["afternoon"] | {"on_call": "duty"}}
GERMAN = frozenset([("language", ("de",))])


def given_out(found: Sequence[Entry], policy: Policy = POLICY) -> dict[str, Service]:
    ranked = order(found, policy.queue, NOW)
    services = allocate(ranked, policy, NOW)
    return {r.entry.id: s for r, s in zip(ranked, services, strict=True)}


def who(service: Service) -> str:
    if service.waits_for:
        return f"waits: {service.waits_for}"
    return " ".join(filter(None, (service.way, service.team, service.agent)))


def all_of(found: Sequence[Entry], policy: Policy = POLICY) -> dict[str, str]:
    return {name: who(service) for name, service in given_out(found, policy).items()}


def test_without_limits_every_team_takes_its_own() -> None:
    found = given_out([entry("a"), entry("b", team="order-desk")])
    assert {n: who(s) for n, s in found.items()} == {
        "a": "own general-support",
        "b": "own order-desk",
    }
    assert all(s.reached_by == NOW and s.in_time for s in found.values())


def test_an_empty_backlog_is_an_empty_queue() -> None:
    assert given_out([]) == {}


def test_the_most_urgent_are_taken_and_the_rest_waits_for_a_place() -> None:
    own = policy_with_queue({"general-support": {"capacity": 2}}, handling=hours(1))
    found = given_out([entry(f"t{n}", due=n) for n in range(6)], own)
    assert [who(s).partition(" ")[0] for s in found.values()] == ["own"] * 2 + ["waits:"] * 4
    begun = [s.reached_by for s in found.values()]
    assert begun == [NOW + h * HOUR for h in (0, 0, 1, 1, 2, 2)]
    # t0 was due now, t4 is due in 4 hours: nobody is late.
    assert all(s.in_time for s in found.values())


def test_what_is_reached_after_it_is_due_is_late() -> None:
    own = policy_with_queue({"general-support": {"capacity": 1}}, handling=hours(3))
    found = given_out([entry("a", due=-1), entry("b", due=2), entry("c", due=9)], own)
    assert [(s.waits_for, s.in_time) for s in found.values()] == [
        (None, False),
        (Waiting.CAPACITY, False),
        (Waiting.CAPACITY, True),
    ]


def test_where_there_is_no_place_at_all_nobody_is_ever_reached() -> None:
    own = policy_with_queue({"general-support": {"capacity": 0}})
    service = given_out([entry()], own)["a"]
    assert (service.waits_for, service.reached_by, service.in_time) == (
        Waiting.CAPACITY,
        None,
        False,
    )


def hours(number: int) -> dict[int, str]:
    return dict.fromkeys((1, 2, 3, 4), f"{number}h")


def agents(**skills: str) -> list[dict[str, Any]]:
    return [{"name": n, "skills": s.split(), "capacity": 1} for n, s in skills.items()]


def test_someone_in_two_teams_counts_once() -> None:
    both = {"general-support": {"members": [{"name": "Ada", "capacity": 2}]},
            "order-desk": {"members": [{"name": " ADA ", "capacity": 3}]}}  # fmt: skip
    own = policy_with_queue(both, handling=hours(1))
    support = [entry(f"s{n}", due=n) for n in range(3)]
    orders = [entry(f"o{n}", due=n + 0.5, team="order-desk") for n in range(3)]
    found = given_out([*support, *orders], own)
    assert {name: service.agent for name, service in found.items()} == {
        "s0": "Ada", "o0": "ADA", "s1": "Ada", "o1": None, "s2": None, "o2": None,
    }  # fmt: skip
    # Her three places are free again after an hour, for whichever team comes next.
    assert [found[name].reached_by for name in ("o1", "s2", "o2")] == [NOW + HOUR] * 3
    free = {"general-support": {"members": [{"name": "Ada"}]},
            "order-desk": {"members": [{"name": "Ada", "capacity": 1}]}}  # fmt: skip
    taken = given_out([*support, *orders], policy_with_queue(free))
    assert [name for name, service in taken.items() if service.waits_for] == ["o1", "o2"]


def test_an_agent_gets_only_what_he_has_the_skills_for() -> None:
    team = {"general-support": {"members": agents(Ada="", Eva="DE"), "capacity": 5}}
    own = policy_with_queue(team, needs=["language"])
    german, other = entry("a", needs=GERMAN), entry("b", due=1)
    assert all_of([german, other], own) == {
        "a": "own general-support Eva",
        "b": "own general-support Ada",
    }
    found = given_out([german, other, entry("c", due=8, needs=GERMAN)], own)
    assert (who(found["c"]), found["c"].reached_by) == ("waits: capacity", NOW + HOUR / 2)
    assert all_of([entry("d", needs=frozenset([("language", ("fr",))]))], own) == {
        "d": "waits: skills"
    }


def test_a_team_without_agents_can_what_its_lists_say() -> None:
    own = policy_with_queue({"general-support": {"languages": ["fr", "de-AT"]}})
    assert all_of([entry("a", needs=GERMAN)], own) == {"a": "waits: skills"}
    austrian = frozenset([("language", ("de-at", "de")), ("product", ("till",))])
    assert all_of([entry("a", needs=austrian)], own) == {"a": "own general-support"}


def test_agents_of_a_team_share_what_comes_in_turn() -> None:
    members = [{"name": n, "capacity": 64} for n in ("Ada", "Eva")]
    own = policy_with_queue({"general-support": {"members": members}})
    found = given_out([entry(f"t{n}") for n in range(20)], own)
    assert Counter(s.agent for s in found.values()) == {"Ada": 10, "Eva": 10}
    assert {s.agent for s in list(found.values())[:2]} == {"Ada", "Eva"}


def test_a_teams_own_limit_holds_beside_its_agents() -> None:
    members = [{"name": n, "capacity": 5} for n in ("Ada", "Eva")]
    own = policy_with_queue({"general-support": {"members": members, "capacity": 3}})
    found = given_out([entry(f"t{n}") for n in range(8)], own)
    assert sum(s.waits_for is None for s in found.values()) == 3
    begun = [s.reached_by for s in found.values()]
    assert begun == [NOW + h * HOUR / 2 for h in (0, 0, 0, 1, 1, 1, 2, 2)]


POOL = {"order-desk": {"capacity": 2, "limit": 4, "overflow_to": ["general-support"]}}


def at_desk(count: int, **fields: Any) -> list[Entry]:
    return [entry(f"t{n}", due=n, team="order-desk", **fields) for n in range(count)]


def test_what_is_beyond_the_limit_overflows() -> None:
    found = all_of(at_desk(6), policy_with_queue(POOL))
    assert list(found.values()) == [
        *["own order-desk"] * 2,
        *["waits: capacity"] * 2,
        *["overflow general-support"] * 2,
    ]


def test_an_own_place_is_better_than_a_pool() -> None:
    own = policy_with_queue({"order-desk": POOL["order-desk"] | {"limit": 0}})
    assert list(all_of(at_desk(3), own).values()) == [
        *["own order-desk"] * 2,
        "overflow general-support",
    ]


def test_a_pool_that_is_full_hands_on_to_its_own() -> None:
    teams = POOL | {
        "general-support": {"capacity": 1, "overflow_to": ["helpers"]},
        "helpers": {"tier": 1, "capacity": 1},
    }
    assert list(all_of(at_desk(7), policy_with_queue(teams)).values())[4:] == [
        "overflow general-support",
        "overflow helpers",
        "waits: capacity",
    ]


def test_what_can_not_wait_overflows_below_the_limit_too() -> None:
    found = at_desk(3, first="P1", severity=Severity.P1)
    assert list(all_of(found, policy_with_queue(POOL)).values())[2] == "overflow general-support"


def test_a_pool_that_is_excluded_or_below_the_tier_gets_nothing() -> None:
    own = policy_with_queue(POOL)
    for fields in ({"never": frozenset(["general-support"])}, {"tier": 2}, {"locked": True}):
        found = list(all_of(at_desk(5, **fields), own).values())
        assert found[4] == "waits: capacity"


def test_a_ticket_that_is_excluded_from_its_team_goes_to_the_cover_or_waits() -> None:
    barred = entry("a", team="order-desk", never=frozenset(["order-desk"]))
    assert all_of([barred]) == {"a": "cover general-support"}
    nowhere = entry("a", never=frozenset(["general-support"]))
    found = given_out([nowhere])["a"]
    assert (found.waits_for, found.reached_by) == (Waiting.EXCLUDED, None)


def test_what_a_person_placed_stays_though_an_exclusion_says_never() -> None:
    placed = entry("a", team="order-desk", never=frozenset(["order-desk"]), locked=True)
    assert all_of([placed]) == {"a": "own order-desk"}


CLOSED = {"order-desk": {"calendar": "afternoon"}}


def test_a_closed_teams_tickets_wait_until_it_opens() -> None:
    own = policy_with_queue(CLOSED, calendars=AFTERNOON)
    found = given_out([entry("a", due=3, team="order-desk")], own)["a"]
    assert (found.waits_for, found.reached_by) == (Waiting.CLOSED, MONDAY + 14 * HOUR)
    assert found.in_time


def test_what_is_due_before_it_opens_goes_to_the_tiers_owner() -> None:
    own = policy_with_queue(CLOSED, calendars=AFTERNOON)
    assert all_of([entry("a", due=1, team="order-desk")], own) == {"a": "cover general-support"}


def test_a_cover_that_is_named_takes_everything_while_its_team_is_closed() -> None:
    teams = {"order-desk": CLOSED["order-desk"] | {"cover": "general-support"}}
    own = policy_with_queue(teams, calendars=AFTERNOON)
    found = [entry("a", due=9, team="order-desk"), entry("b", due=1, team="order-desk")]
    assert set(all_of(found, own).values()) == {"cover general-support"}
    locked = entry("a", due=1, team="order-desk", locked=True)
    assert all_of([locked], own) == {"a": "waits: closed"}


def test_a_closed_cover_passes_on_to_its_own() -> None:
    teams: dict[str, Any] = {
        "order-desk": CLOSED["order-desk"] | {"cover": "helpers"},
        "helpers": {"tier": 1, "calendar": "afternoon", "cover": "general-support"},
    }
    own = policy_with_queue(teams, calendars=AFTERNOON)
    assert all_of([entry("a", team="order-desk")], own) == {"a": "cover general-support"}


def test_p1_of_a_closed_team_goes_to_cover_then_to_on_call() -> None:
    p1 = entry("a", team="order-desk", first="P1", severity=Severity.P1)
    again = entry("b", team="order-desk", first="P1", severity=Severity.P1)
    teams: dict[str, Any] = CLOSED | {"general-support": {"capacity": 1}}
    own = policy_with_queue(teams, calendars=ON_CALL)
    assert all_of([p1, again], own) == {"a": "cover general-support", "b": "on_call order-desk"}
    nobody = policy_with_queue(teams, calendars=AFTERNOON)
    found = given_out([p1, again], nobody)
    assert (who(found["b"]), found["b"].in_time) == ("waits: capacity", True)


def test_work_goes_on_only_in_open_hours() -> None:
    teams: dict[str, Any] = {"order-desk": CLOSED["order-desk"] | {"capacity": 1}}
    own = policy_with_queue(teams, calendars=AFTERNOON, handling=hours(3))
    found = given_out([entry(f"t{n}", 40 + n, team="order-desk") for n in range(3)], own)
    tuesday = MONDAY + timedelta(days=1)
    begun = [s.reached_by for s in found.values()]
    # One at opening, one 3 hours later, one after the last hour and 2 of the next day.
    assert begun == [MONDAY + 14 * HOUR, MONDAY + 17 * HOUR, tuesday + 16 * HOUR]


def test_a_place_that_is_free_at_closing_is_taken_at_the_next_opening() -> None:
    teams: dict[str, Any] = {"order-desk": CLOSED["order-desk"] | {"capacity": 1}}
    own = policy_with_queue(teams, calendars=AFTERNOON, handling=hours(4))
    found = given_out([entry(f"t{n}", 40 + n, team="order-desk") for n in range(2)], own)
    assert [s.reached_by for s in found.values()] == [MONDAY + h * HOUR for h in (14, 38)]


TEAMS = ("general-support", "order-desk", "technical-support", "integrations")


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Teams with agents and limits, some of them closed, and one way of overflow."""
    limit = st.none() | st.integers(0, 3)
    teams: dict[str, Any] = {}
    for name in TEAMS:
        skills = st.lists(st.sampled_from(LANGUAGES), max_size=2)
        count = draw(st.integers(0, 2))
        members = [{"name": f"m{n}", "skills": draw(skills), "capacity": draw(limit)}
                   for n in range(count)]  # fmt: skip
        calendar = draw(st.sampled_from([None, None, "afternoon"]))
        teams[name] = {"members": members, "capacity": draw(limit), "calendar": calendar}
    pools = {"order-desk": "general-support", "technical-support": "integrations"}
    for name, pool in pools.items():
        if draw(st.booleans()):
            teams[name] |= {"limit": draw(st.integers(0, 2)), "overflow_to": [pool]}
    calendars = draw(st.sampled_from([AFTERNOON, ON_CALL]))
    return policy_with_queue(teams, calendars=calendars, needs=["language"])


@PROFILE
@given(policies(), backlogs(TEAMS, most=7), st.randoms(use_true_random=False))
def test_what_holds_for_every_backlog(policy: Policy, found: list[Entry], random: Any) -> None:
    services = given_out(found, policy)
    shuffled = list(found)
    random.shuffle(shuffled)
    assert given_out(shuffled, policy) == services
    # Every ticket is given out, or listed with a reason and when it is reached.
    assert services.keys() == {e.id for e in found}
    for one in found:
        check(one, services[one.id], policy)
    taken = [s for s in services.values() if s.waits_for is None]
    for name, team in policy.teams.items():
        limits = {None: team.capacity} | {m.name: m.capacity for m in team.members}
        load = Counter(s.agent for s in taken if s.team == name)
        load[None] = load.total()
        assert all(limit is None or load[agent] <= limit for agent, limit in limits.items())


def check(one: Entry, service: Service, policy: Policy) -> None:
    """One ticket's service is allowed; what waits names its own team."""
    late = service.reached_by is None or service.reached_by > one.respond_by
    assert service.in_time is not late
    if service.waits_for is not None:
        assert (service.team, service.agent, service.way) == (one.team, None, None)
        return
    assert service.reached_by == NOW
    team = policy.teams[service.team]
    assert (service.agent is None) is (not team.members)
    if service.agent is not None:
        member = next(m for m in team.members if m.name == service.agent)
        assert all(set(names) & set(member.skills) for _, names in one.needs)
    assert (service.way in {Way.OWN, Way.ON_CALL}) is (service.team == one.team)
    assert service.team == one.team or not one.locked
    assert one.locked or service.team not in one.never
    assert team.tier >= one.tier or policy.serves(service.team, one.tier)
    assert team.calendar is None or service.way is Way.ON_CALL


@pytest.mark.parametrize("count", [1, 3])
def test_a_safety_ticket_takes_the_place_of_older_ones(count: int) -> None:
    own = policy_with_queue({"general-support": {"capacity": count}})
    old = [entry(f"t{n}", age=timedelta(days=300)) for n in range(5)]
    found = given_out([*old, entry("safe", due=99, first="safety")], own)
    assert found["safe"].waits_for is None
