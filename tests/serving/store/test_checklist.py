"""A hand-off's steps: kept, shown in the packet, set done by API and command."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tierline.data.errors import InputError
from tierline.serving import commands
from tierline.serving.commands import app
from tierline.serving.handoff.packet import Done, Step
from tierline.serving.store.store import Store

from ..fakes import CALM, LOSS
from .making import packet, ticket
from .test_away import gone
from .test_store_api import serving

AT = datetime(2025, 3, 10, 11, tzinfo=UTC)
ANA = Done(step=Step.NOTIFY, by="Ana", at=AT)


def test_steps_are_kept_until_the_ticket_goes_elsewhere(store: Store) -> None:
    assert store.checklist("T-1") is None
    assert store.set_done("T-1", ANA) is None
    here = packet(ticket(id="T-1"), contact="by mail", tried=["a restart"])
    store.put_handoff(here, [ANA])
    found = store.set_done("T-1", Done(step=Step.FOLLOW_UP, by="jo@example.com"))
    assert found is not None
    assert (found.tier, found.team, found.missing) == (here.tier, here.team, ())
    assert found.done[0] == ANA
    assert (found.done[1].step, "example" in found.done[1].by) == (Step.FOLLOW_UP, False)
    store.put_handoff(here, [Done(step=Step.DOCUMENT, by="Cy", at=AT)])
    again = store.checklist("T-1")
    assert again is not None
    assert [done.step for done in again.done] == [Step.DOCUMENT, Step.NOTIFY, Step.FOLLOW_UP]
    store.put_handoff(packet(ticket(LOSS, id="T-1")), [])
    other = store.checklist("T-1")
    assert other is not None
    assert (other.tier, other.done, other.missing) == (3, (), ("contact",))
    assert store.remove_handoff("T-1")
    assert not store.remove_handoff("T-1")


def test_what_lacks_something_isnt_documented_any_more(store: Store) -> None:
    of = ticket(LOSS, id="T-1")
    whole = packet(of, contact="by mail")
    store.put_handoff(whole, [ANA, Done(step=Step.DOCUMENT, by="Cy", at=AT)])
    for again in (packet(of), whole):
        store.put_handoff(again, [])
        found = store.checklist("T-1")
        assert found is not None
        assert [done.step for done in found.done] == [Step.NOTIFY]


def test_no_false_step_is_kept(store: Store) -> None:
    store.put_handoff(packet(ticket(LOSS, id="T-1")), [])
    with pytest.raises(InputError, match="the policy requires contact too"):
        store.set_done("T-1", Done(step=Step.DOCUMENT, by="Ana"))
    late = Done(step=Step.NOTIFY, by="Ana", at=datetime.now(UTC) + timedelta(hours=1))
    with pytest.raises(InputError, match="in the future"):
        store.set_done("T-1", late)
    found = store.set_done("T-1", Done(step=Step.NOTIFY, by="<b>\x00"))
    assert found is not None
    assert [done.by for done in found.done] == ["not named"]


def steps(found: dict[str, Any]) -> dict[str, str | None]:
    return {item["step"]: item["by"] for item in found["packet"]["checklist"]}


def test_the_packet_shows_what_is_done(made: Store) -> None:
    ask: dict[str, Any] = {"ticket": {"id": "a/b", "body": LOSS}, "notes": {"contact": "by mail"}}
    done = {"step": "document", "by": "Ana"}
    with serving(made, None) as client:
        assert client.get("/v1/checklists/a/b").status_code == 404
        assert client.put("/v1/checklists/a/b", json=done).status_code == 404
        first = client.post("/v1/handoff", json=ask).json()
        assert set(steps(first).values()) == {None}
        assert client.put("/v1/checklists/a/b", json=done).json()["done"][0]["by"] == "Ana"
        notes = ask["notes"] | {"done": [{"step": "warm_transfer", "by": "Bo"}]}
        client.post("/v1/handoff", json=ask | {"notes": notes})
        kept = client.post("/v1/handoff", json=ask).json()
        assert steps(kept) == {
            "document": "Ana", "notify": None, "warm_transfer": "Bo", "follow_up": None,
        }  # fmt: skip
        assert "(Ana, " in kept["markdown"]
        # What was documented isn't any more once something required is missing.
        draft = client.post("/v1/handoff", json={"ticket": ask["ticket"]}).json()
        assert steps(draft)["document"] is None
        refused = client.put("/v1/checklists/a/b", json=done)
        assert refused.status_code == 422
        assert "requires contact too" in refused.json()["error"]
        assert client.put("/v1/checklists/a/b", json={"step": "dance"}).status_code == 422
        assert client.delete("/v1/checklists/a/b").json() == {"removed": True}
        assert set(steps(client.post("/v1/handoff", json=ask).json()).values()) == {None}


def test_without_the_store_the_packet_is_made_and_says_so(made: Store) -> None:
    done = {"step": "notify", "by": "Ana"}
    ask = {"ticket": {"id": "T-1", "body": CALM}, "notes": {"done": [done]}}
    with serving(made, None) as client, gone(made):
        found = client.post("/v1/handoff", json=ask).json()
        assert (found["store"], steps(found)["notify"]) == ("away", "Ana")
        assert client.put("/v1/checklists/T-1", json=done).status_code == 503
    with serving(None, None) as client:
        assert client.put("/v1/checklists/T-1", json=done).status_code == 409


def test_commands_keep_and_show_steps(
    made: Store, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERLINE_STORE_URL", sqlite_url)
    monkeypatch.setattr(commands.console, "width", 200)

    def output(*arguments: str) -> str:
        return CliRunner().invoke(app, arguments, catch_exceptions=False).output

    asked = json.dumps({"id": "T-1", "body": LOSS})
    with pytest.raises(InputError, match="tierline handoff --store"):
        output("checklist", "T-1", "--done", "notify=Ana")
    output("handoff", asked, "--rules-only", "--done", "notify=Ana@2025-03-10T11:00")
    said = output("checklist", "T-1", "--done", "follow_up=Bo@2025-03-10T12:00")
    assert "tier 3, incident-response" in said
    assert "[x] Tag and notify: the team and everyone named below know (Ana, 2025-03-10 11" in said
    assert "[x] Follow up" in said
    assert "[ ] Warm transfer" in said
    assert "not complete, missing: contact" in said
    assert "- [x] Follow up" in output("handoff", asked, "--rules-only")
    with pytest.raises(InputError, match="--done: step: "):
        output("checklist", "T-1", "--done", "dance=Bo")
    output("checklist", "T-1", "--forget")
    assert "[x]" not in output("handoff", asked, "--rules-only")
    made.database.close()


def test_files_keep_no_steps_under_a_rows_number(
    made: Store, sqlite_url: str, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text(f"body\n{CALM}\n")
    asked = ["handoff", "in.csv", "--rules-only", "--json", "--store", sqlite_url]
    result = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert json.loads(result.stdout)["id"] == "1"
    assert made.checklist("1") is None
    made.database.close()
