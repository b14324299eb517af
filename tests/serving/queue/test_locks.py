"""A lock holds a ticket in the queue where it holds it in an answer, and nowhere else."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data.ticket import Ticket
from tierline.serving.policy import Exclusion, Policy
from tierline.serving.queue.entry import entry_of
from tierline.serving.queue.queued import Queue
from tierline.serving.routing.recommend import recommend
from tierline.serving.store.forms import Exclusion as Stored
from tierline.serving.store.setup import make
from tierline.serving.store.store import Store
from tierline.serving.teams.exclusions import NO_MORE, Exclusions

from ..fakes import BREACH, CALM, NOW, POLICY, prediction
from ..live.app import serving
from .queues import policy_with_queue

AFTERNOON = {"afternoon": {"hours": {"monday": ["14:00-17:00"]}}}
NO_INCIDENTS = Exclusions((Exclusion(from_team="general-support", to_team="incident-response"),))
LOW: dict[str, Any] = {"current_tier": 1, "team": "general-support", "locked_by_human": True}


def queued(
    body: str, policy: Policy = POLICY, never: Exclusions = NO_MORE, **fields: Any
) -> tuple[str, str | None]:
    """Who takes a ticket in a queue under exclusions that came after its answer, and how."""
    ticket = Ticket.model_validate({"id": "1", "body": body, "created_at": NOW} | fields)
    said = recommend(ticket, prediction(), policy, NOW)
    queue = Queue.of([entry_of(ticket, said, policy, NOW, never)], policy, NOW)
    row = queue.row(queue.tickets[0])
    return row["team"], row["way"]


def test_an_incident_locked_low_is_covered_while_its_team_is_closed() -> None:
    own = policy_with_queue({"incident-response": {"calendar": "afternoon"}}, calendars=AFTERNOON)
    assert queued(BREACH, own) == ("senior-engineers", "cover")
    assert queued(BREACH, own, **LOW) == ("senior-engineers", "cover")
    # A person who placed it at safety's tier or above is obeyed.
    high = LOW | {"current_tier": 3, "team": "incident-response"}
    assert queued(BREACH, own, **high) == ("incident-response", None)


def test_an_exclusion_holds_for_an_incident_locked_low() -> None:
    assert queued(BREACH, never=NO_INCIDENTS, **LOW) == ("senior-engineers", "cover")


@pytest.mark.parametrize("team", [None, "EMEA"])
@pytest.mark.parametrize("tier", [None, 2])
def test_an_exclusion_holds_for_a_team_that_no_person_named(
    team: str | None, tier: int | None
) -> None:
    """At an unknown place nothing is held; at a tier without a team only the tier is."""
    lock: dict[str, Any] = {"current_tier": tier, "team": team, "locked_by_human": True}
    ticket = Ticket(id="1", body=CALM, created_at=NOW, customer="C-1", **lock)
    said = recommend(ticket, prediction("P2", "billing"), POLICY, NOW)
    assert (said.tier, said.team) == (2, "billing-desk")
    never = Exclusions((Exclusion(to_team="billing-desk", customer="C-1"),))
    queue = Queue.of([entry_of(ticket, said, POLICY, NOW, never)], POLICY, NOW)
    assert queue.row(queue.tickets[0])["team"] == "technical-support"


#: The last owner takes the rest: nothing is excluded from there.
OTHERS = sorted(POLICY.teams.keys() - {POLICY.last_owner})
PLACES = st.fixed_dictionaries(
    {
        "body": st.sampled_from([BREACH, CALM]),
        "current_tier": st.none() | st.integers(1, 4),
        "team": st.sampled_from([None, "EMEA", *POLICY.teams]),
        "locked_by_human": st.just(True),
    }
)


@settings(deadline=None, max_examples=50)
@given(fields=PLACES, to_team=st.sampled_from(OTHERS))
def test_a_locked_ticket_stays_where_a_new_answer_says(
    fields: dict[str, Any], to_team: str
) -> None:
    never = Exclusions((Exclusion(to_team=to_team, customer="C-1"),))
    ticket = Ticket(id="1", created_at=NOW, customer="C-1", **fields)
    said = recommend(ticket, prediction(), POLICY, NOW, never)
    found = entry_of(ticket, said, POLICY, NOW, never)
    assert (found.tier, found.team) == (said.tier, said.team)
    queue = Queue.of([found], POLICY, NOW)
    row = queue.row(queue.tickets[0])
    assert (row["team"], row["way"]) == (said.team, "own")


def test_an_exclusion_and_a_lock_that_came_after_an_answer_over_http(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    make(Store(url, tmp_path / "none").database)
    store = Store(url, tmp_path / "spool")
    ticket = {"id": "1", "body": BREACH}
    with serving(None, store=store) as client:
        said = client.post("/v1/route", json=ticket).json()
        assert said["team"] == "incident-response"
        assert client.put("/v1/locks/1", json={"team": "general-support"}).status_code == 200
        store.put_exclusion(Stored(from_team="general-support", to_team="incident-response"))
        anew = client.post("/v1/route", json=ticket).json()
        asked = {"tickets": [ticket], "answers": [said]}
        (row,) = client.post("/v1/queue/order", json=asked).json()["tickets"]
    assert row["team"] == anew["team"] == "senior-engineers"
