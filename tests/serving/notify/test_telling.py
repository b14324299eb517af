"""Commands, hand-offs, the API and hooks tell people."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from tierline.data.errors import InputError
from tierline.data.helpdesk import Format
from tierline.serving import commands
from tierline.serving.commands import app
from tierline.serving.commands.notifying import own_notifier
from tierline.serving.helpdesk.secrets import HookSecrets
from tierline.serving.http.api import create_app
from tierline.serving.http.keys import ApiKeys
from tierline.serving.notify.notifier import Notifier
from tierline.serving.notify.outbox import Outbox
from tierline.serving.policy import Policy

from ..fakes import BREACH, CALM, LOSS, POLICY, default_dict
from .letters import Service, one_letter, urls


def test_routing_and_handing_on_tell_people(service: Service, outbox: Outbox) -> None:
    everyone = urls(on_call=service.url, incident_response=service.url)
    api = create_app(POLICY, None, ApiKeys(), notifier=Notifier(everyone, outbox))
    with TestClient(api) as client:
        ticket = {"body": LOSS, "id": "T-1"}
        assert client.post("/v1/route", json=ticket).json()["notify"] == ["on_call"]
        batch = {"tickets": [{"body": CALM, "id": "T-2"}]}
        assert client.post("/v1/route/batch", json=batch).status_code == 200
        found = client.post("/v1/handoff", json={"ticket": ticket}).json()
        assert found["notified"] == ["on_call", "incident_response"]
    # On-call was told by the route; the batch told nobody.
    assert len(service.got) == 2
    assert all("T-1" in got["title"] for got in service.got)


@pytest.mark.parametrize("first", ["/v1/route", "/v1/route/batch"])
def test_a_batch_tells_of_incidents_and_of_nothing_else(
    service: Service, outbox: Outbox, first: str
) -> None:
    raw = default_dict()
    raw["triggers"].append(
        {"id": "trigger.any", "text": "any", "notify": ["manager"], "when": [{}]}
    )
    everyone = urls(on_call=service.url, manager=service.url, tier_3=service.url)
    policy = Policy.model_validate(raw)
    api = create_app(policy, None, ApiKeys(), notifier=Notifier(everyone, outbox))
    tickets = [{"body": LOSS, "id": "T-1"}, {"body": CALM, "id": "T-2"}, {"body": BREACH}]
    with TestClient(api) as client:
        if first == "/v1/route":
            assert client.post(first, json=tickets[0]).json()["notify"] == ["manager", "on_call"]
        for _ in range(2):  # sent once, however often it comes
            found = client.post("/v1/route/batch?explain=true", json={"tickets": tickets}).json()
        assert [one["notify"] for one in found["answers"]] == [
            ["manager", "on_call"], ["manager"], ["manager", "on_call"],
        ]  # fmt: skip
    titles = sorted(got["title"].partition(" to ")[0] for got in service.got)
    assert titles == ["Severity unknown: T-1"] * 2 + ["Severity unknown: a ticket"] * 2


def test_commands_list_and_retry(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands.console, "width", 200)
    monkeypatch.setenv("TIERLINE_NOTIFY_ON_CALL", service.url)
    box = Outbox(tmp_path / "tierline-notify")
    box.bury(one_letter(), "the service didn't take it", 5)
    listed = CliRunner().invoke(app, ["notify", "list"], catch_exceptions=False).output
    assert "on_call  Severity unknown: T-1 to tier 3, incident-response  (5 tries: the" in listed
    assert "1 dead letters in tierline-notify" in listed
    service.failures = 1
    failed = CliRunner().invoke(app, ["notify", "retry"], catch_exceptions=False)
    assert failed.exit_code == 1
    assert "0 delivered, 1 still dead" in failed.output
    done = CliRunner().invoke(app, ["notify", "retry"], catch_exceptions=False)
    assert "1 delivered, 0 still dead" in done.output
    assert len(service.got) == 1
    monkeypatch.setenv("TIERLINE_NOTIFY_DIR", str(tmp_path / "file" / "x"))
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="can't keep notifications there"):
        CliRunner().invoke(app, ["notify", "list"], catch_exceptions=False)


def test_a_server_notifies_only_where_urls_are_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert own_notifier(POLICY) is None
    monkeypatch.setenv("TIERLINE_NOTIFY_DIR", "box")
    assert own_notifier(POLICY) is None
    assert not (tmp_path / "box").exists()
    monkeypatch.setenv("TIERLINE_NOTIFY_ON_CALL", "json://a.example")
    assert own_notifier(POLICY) is not None
    assert (tmp_path / "box").is_dir()


def test_hooks_tell_people_too(service: Service, outbox: Outbox) -> None:
    notifier = Notifier(urls(on_call=service.url), outbox)
    secrets = HookSecrets({Format.FRESHDESK: b"secret"})
    api = create_app(POLICY, None, ApiKeys(), hooks=secrets, notifier=notifier)
    event = {"ticket_id": 7, "ticket_subject": "Gone", "ticket_description": LOSS}
    with TestClient(api) as client:
        found = client.post(
            "/v1/hooks/freshdesk",
            json={"freshdesk_webhook": event},
            headers={"X-Tierline-Secret": "secret"},
        )
        assert found.json()["notify"] == ["on_call"]
    assert len(service.got) == 1
