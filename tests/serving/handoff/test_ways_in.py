"""Packets and messages by command and over HTTP, and as Markdown."""

import json
import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from tierline.data.errors import InputError, TierlineError
from tierline.data.ticket import Ticket
from tierline.serving import commands
from tierline.serving.commands import app
from tierline.serving.handoff.making import make_packet
from tierline.serving.handoff.markdown import markdown
from tierline.serving.handoff.packet import Done, Notes, Step
from tierline.serving.http.api import create_app
from tierline.serving.http.keys import ApiKeys
from tierline.serving.routing.recommend import recommend

from ..fakes import CALM, LOSS, NOW, POLICY, prediction

runner = CliRunner()
AT = "2025-03-10T12:00"
ATTACK = "![x](http://evil.example) <script>x</script> ``` [a](b) | @all https://evil.example *b*"


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands.console, "width", 200)
    monkeypatch.setattr(commands.errors, "width", 200)


def output(*arguments: str) -> str:
    result = runner.invoke(app, [*arguments, "--rules-only"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def refusal(*arguments: str, kind: type[TierlineError] = InputError) -> str:
    with pytest.raises(kind) as caught:
        runner.invoke(app, [*arguments, "--rules-only"], catch_exceptions=False)
    return str(caught.value)


@pytest.fixture
def client() -> Any:
    with TestClient(create_app(POLICY, None, ApiKeys.parse("key"))) as found:
        found.headers["X-API-Key"] = "key"
        yield found


def page(notes: Notes, **fields: Any) -> str:
    ticket = Ticket(**{"body": CALM, "id": "T-1"} | fields)
    answer = recommend(ticket, prediction("P2", "bug"), POLICY, NOW)
    return markdown(make_packet(ticket, answer, POLICY, NOW, notes), ZoneInfo("Europe/Berlin"))


def test_markdown_tells_all_that_a_packet_holds() -> None:
    notes = Notes(tried=("reset",), done=(Done(step=Step.NOTIFY, by="Ana"),))
    text = page(notes, customer_tier="smb", current_tier=1)
    assert text.startswith("# Hand-off T-1: tier 1 → tier 2 (technical-support)\n")
    assert "**Not complete.** Missing: contact." in text
    assert "| Answer by | 2025-03-10 15:00 Europe/Berlin |" in text
    assert "| Customer tier | smb |" in text
    assert "- [x] Tag and notify" in text
    assert "(Ana, 2025-03-10 13:00 Europe/Berlin)" in text
    assert "- [ ] Follow up" in text
    assert "**Complete.**" in page(Notes(tried=("reset",), contact="by mail"))


def test_a_strangers_markdown_stays_text() -> None:
    notes = Notes(tried=(ATTACK,), reproduction=ATTACK, contact=ATTACK, open_questions=(ATTACK,))
    body = f"{ATTACK}\n```\n{ATTACK}\n````\n{ATTACK}"
    text = page(notes, body=body, subject=ATTACK, customer=ATTACK, product=ATTACK, id=ATTACK)
    html = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(text)
    for tag in ("<img", "<script", "<a ", "<em>"):
        assert tag not in html
    outside = "".join(text.split("```")[0])
    assert "@" not in outside
    assert "http://" not in outside


def test_handoff_prints_markdown_or_json() -> None:
    text = output("handoff", CALM, "--tried", "reset", "--done", "notify=Ana", "--question", "Who?")
    assert "# Hand-off: to tier 1 (general-support)" in text
    assert "- reset" in text
    assert "- Who?" in text
    ticket = json.dumps({"body": LOSS, "id": "T-9", "attempts": 2})
    at = "notify=Ana@2025-03-10T11:00"
    printed = output("handoff", ticket, "--json", "--now", "2025-03-10T12:00", "--done", at)
    found = json.loads(printed)
    assert (found["id"], found["tier"], found["team"]) == ("T-9", 3, "incident-response")
    assert found["missing"] == [
        {"what": "contact", "question": "How and when is the customer reached?"}
    ]
    assert found["checklist"][1]["at"] == "2025-03-10T11:00:00Z"


def test_a_persons_severity_counts_and_the_packet_says_whose_it_is(client: Any) -> None:
    found = json.loads(output("handoff", CALM, "--json", "--severity", "P1", "--now", AT))
    assert (found["severity"], found["severity_by"], found["tier"]) == ("P1", "person", 3)
    assert found["respond_by"] == "2025-03-10T12:15:00Z"
    assert "a person states severity P1" in [reason["text"] for reason in found["why"]]
    assert "| Severity | P1 (by a person) |" in output("handoff", CALM, "--severity", "P1")
    assert "| Severity | not known |" in output("handoff", CALM)
    assert "severity: expected P1, P2" in refusal("handoff", CALM, "--severity", "huge")
    asked = {"ticket": {"body": CALM}, "notes": {"severity": "P2"}}
    packet = client.post("/v1/handoff", json=asked).json()["packet"]
    assert (packet["severity"], packet["severity_by"], packet["tier"]) == ("P2", "person", 2)
    asked["notes"] = {"severity": "zebrafish"}
    response = client.post("/v1/handoff", json=asked)
    assert (response.status_code, "zebrafish" in response.text) == (422, False)


def test_a_hand_off_and_a_message_show_the_same_deadline() -> None:
    ticket = json.dumps({"body": CALM, "id": "T-1", "created_at": "2025-03-10T11:59:20.5Z"})
    told = output("message", ticket, "--now", AT, "--kind", "timeline", "--time-zone", "UTC")
    packet = output("handoff", ticket, "--now", AT)
    assert "| Answer by | 2025-03-10 20:00 UTC |" in packet
    assert "8:00 PM" in " ".join(told.split())


def test_one_ticket_comes_from_a_file_or_from_standard_input(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps({"id": "T-5", "body": LOSS}))
    whole = output("handoff", str(tmp_path / "one.json"))
    assert "# Hand-off T-5: to tier 3" in whole
    result = runner.invoke(app, ["handoff", "-", "--rules-only"], input='{"id":"T-6","body":"x"}')
    assert "# Hand-off T-6" in result.stdout
    assert "expected a JSON object" in refusal("handoff", "{broken")


def test_handoff_reads_notes_and_rows_of_files(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(f"id,body,attempts\na,{CALM},1\nb,{LOSS},2\nc,{CALM},x\n")
    (tmp_path / "notes.json").write_text('{"tried": ["reset"], "contact": "by mail"}')
    notes = ("--notes", str(tmp_path / "notes.json"))
    lines = output("handoff", str(tmp_path / "in.csv"), "--json", *notes, "--tried", "reboot")
    first, second = map(json.loads, lines.splitlines())
    assert (first["id"], second["id"], second["complete"]) == ("a", "b", True)
    assert first["tried"] == ["reset", "reboot"]
    both = output("handoff", str(tmp_path / "in.csv"), *notes)
    assert both.count("# Hand-off ") == 2
    assert "\n---\n" in both


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((LOSS, "--complete"), "requires contact too"),
        ((LOSS, "--done", "document=Ana"), "done: document: the packet isn't complete"),
        ((CALM, "--done", "dance=Ana"), r"done.0.step: "),
        ((CALM, "--done", "notify"), "done.0.by: "),
        ((CALM, "--notes", "none.json"), "--notes: can't be read: No such file"),
        (('{"body": 1}',), "body: "),
        (('{"body": "zebra", "mood": 1}',), "mood: "),
        (('{"body": "zebra"',), "ticket: "),
        (("none.csv",), "expected a file of tickets"),
    ],
)
def test_handoff_refuses_without_the_tickets_words(arguments: Any, said: str) -> None:
    found = refusal("handoff", *arguments)
    assert said in found
    assert "zebra" not in found


def test_message_prints_a_mail_or_json(tmp_path: Path) -> None:
    text = output("message", CALM, "--language", "de", "--now", "2025-03-10T12:00")
    assert text.startswith("Subject: Ihre Nachricht ist bei uns eingegangen\n\nGuten Tag,")
    assert "10. März 2025 um 20:00 Uhr (UTC)" in text
    more = ("--kind", "timeline", "--channel", "social", "--time-zone", "Asia/Tokyo")
    made = json.loads(output("message", CALM, "--json", *more))
    assert (made["form"], made["subject"], made["time_zone"]) == ("public", None, "Asia/Tokyo")
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "progress.j2").write_text("{% if %}")
    found = refusal("message", CALM, "--templates", str(tmp_path))
    assert "progress.j2, line 1: " in found


def test_the_api_makes_packets(client: TestClient) -> None:
    body = {"ticket": {"body": LOSS, "id": "T-1"}, "notes": {"contact": "by mail"}}
    found = client.post("/v1/handoff", json=body).json()
    assert found["packet"]["complete"]
    assert found["markdown"].startswith("# Hand-off T-1: to tier 3 (incident-response)")
    assert found["notified"] == []
    refused = client.post("/v1/handoff", json={"ticket": {"body": LOSS}, "notes": {"complete": 1}})
    assert refused.status_code == 422
    assert refused.json() == {
        "error": "the hand-off can't be made so",
        "details": ["complete: the packet isn't complete; the policy requires contact too"],
    }
    wrong = client.post("/v1/handoff", json={"ticket": {"body": "zebra", "mood": 1}})
    assert wrong.status_code == 422
    assert "zebra" not in wrong.text
    assert client.post("/v1/handoff", json=body, headers={"X-API-Key": "no"}).status_code == 401


def test_the_api_writes_messages(client: TestClient) -> None:
    body = {"ticket": {"body": CALM, "language": "fr"}, "kind": "progress"}
    made = client.post("/v1/messages", json=body).json()
    assert made["language"] == "fr"
    assert [p["what"] for p in made["promises"]] == ["update_by", "update_every"]
    for more in ({"language": "ja"}, {"time_zone": "Mars/Base"}):
        refused = client.post("/v1/messages", json=body | more)
        assert refused.status_code == 422
        assert "expected" in refused.json()["details"][0]
    assert client.post("/v1/messages", json=body | {"kind": "poem"}).status_code == 422
    assert client.post("/v1/messages", json=body, headers={"X-API-Key": ""}).status_code == 401


def test_without_jinja_the_extra_is_named(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert "pip install 'tierline[messages]'" in refusal("message", CALM)
    answer = client.post("/v1/messages", json={"ticket": {"body": CALM}, "kind": "progress"})
    assert answer.status_code == 501
    assert "tierline[messages]" in answer.json()["details"][0]
    assert client.post("/v1/handoff", json={"ticket": {"body": CALM}}).status_code == 200
