"""People are told once, in the background, and what can't be sent is kept."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from tierline.data.errors import InputError
from tierline.data.helpdesk import Format
from tierline.data.ticket import Ticket
from tierline.serving import commands
from tierline.serving.commands import app
from tierline.serving.commands.notifying import own_notifier
from tierline.serving.handoff.making import make_packet
from tierline.serving.handoff.packet import Notes, Packet
from tierline.serving.helpdesk.secrets import HookSecrets
from tierline.serving.http.api import create_app
from tierline.serving.http.keys import ApiKeys
from tierline.serving.notify.delivery import Deliver, retry
from tierline.serving.notify.endpoints import Endpoints, load_endpoints
from tierline.serving.notify.letter import Letter, News, letters, marks_of
from tierline.serving.notify.notifier import Notifier
from tierline.serving.notify.outbox import Outbox
from tierline.serving.notify.sending import is_url
from tierline.serving.notify.sending import send as send_by_apprise
from tierline.serving.policy import Policy
from tierline.serving.policy.rules import TIERS
from tierline.serving.routing.recommend import recommend
from tierline.serving.routing.recommendation import Reason, Recommendation

from ..fakes import BREACH, CALM, LOSS, NOW, POLICY, default_dict, prediction

SECRET = "xoxb7secret"  # noqa: S105
ANGRY = prediction("P3", "how_to", "very_negative")


class Service:
    """A service of one's own on loopback: it keeps what it gets, and fails when told to."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.failures = 0
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                failing = service.failures > 0
                service.failures -= failing
                if not failing:
                    service.got.append(json.loads(body) | {"path": self.path})
                self.send_response(503 if failing else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_port}/{SECRET}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def service() -> Iterator[Service]:
    found = Service()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "box")


def about(body: str = LOSS, said: Any = None, **fields: Any) -> tuple[Ticket, Recommendation]:
    ticket = Ticket(**{"body": body, "id": "T-1"} | fields)
    return ticket, recommend(ticket, said, POLICY, NOW)


def urls(**found: str) -> Endpoints:
    return load_endpoints({f"TIERLINE_NOTIFY_{k.upper()}": v for k, v in found.items()}, POLICY)


def packet(ticket: Ticket, answer: Recommendation, **notes: Any) -> Packet:
    return make_packet(ticket, answer, POLICY, NOW, Notes(**notes))


def one_letter(body: str = LOSS, **fields: Any) -> Letter:
    (letter,) = letters(News(*about(body, **fields)), "on_call", 1, NOW)
    return letter


def deliver(outbox: Outbox, send: Callable[[str, str, str], bool], attempts: int = 3) -> Deliver:
    return Deliver(outbox, send, threading.Event(), pause=0.0, attempts=attempts)


def test_on_call_is_told_of_an_incident_through_apprise(service: Service, outbox: Outbox) -> None:
    notifier = Notifier(urls(on_call=service.url), outbox)
    assert notifier.tell(*about(), NOW) == ("on_call",)
    notifier.close(30)
    (got,) = service.got
    assert got["title"] == "Severity unknown: T-1 to tier 3, incident-response"
    assert got["message"].startswith("Answer by 2025-03-10 14:00 UTC.")
    assert "data was deleted" in got["message"]
    assert got["path"] == f"/{SECRET}"
    assert outbox.dead_letters() == []


def test_each_audience_hears_what_is_its_own(outbox: Outbox) -> None:
    sent: list[str] = []
    endpoints = urls(
        on_call="json://a.example", manager="json://b.example json://c.example",
        technical_support="json://t.example", tier_3="json://d.example",
    )  # fmt: skip

    def send(url: str, title: str, body: str) -> bool:
        sent.append(url[7])
        return True

    notifier = Notifier(endpoints, outbox, send)
    assert notifier.tell(*about(CALM, prediction()), NOW) == ()
    angry = about(CALM, ANGRY, attempts=4, id="T-2")
    assert notifier.tell(*angry, NOW, packet(*angry)) == ("manager", "technical_support")
    assert notifier.tell(*about(BREACH), NOW, packet(*about(BREACH))) == ("on_call", "tier_3")
    notifier.close(30)
    assert sorted(sent) == ["a", "b", "c", "d", "t"]


def test_the_same_matter_is_told_once(outbox: Outbox, service: Service) -> None:
    for _ in range(2):  # a server that starts again remembers, too
        notifier = Notifier(urls(on_call=service.url), outbox)
        for _ in range(3):
            notifier.tell(*about(), NOW)
        notifier.tell(*about(BREACH, id="T-2"), NOW)
        notifier.close(30)
    assert len(service.got) == 2
    again = Notifier(urls(on_call=service.url), outbox)
    again.tell(*about(f"{LOSS} and {BREACH}"), NOW)  # another reason is other news
    again.close(30)
    assert len(service.got) == 3


def test_many_workers_send_a_letter_once(outbox: Outbox) -> None:
    sent: list[str] = []
    letter = one_letter()

    def send(url: str, title: str, body: str) -> bool:
        sent.append(url)
        return True

    threads = [
        threading.Thread(target=deliver(Outbox(outbox.dead.parent), send), args=("u", letter))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sent == ["u"]


def test_a_failing_service_is_tried_again(service: Service, outbox: Outbox) -> None:
    service.failures = 2
    notifier = Notifier(urls(on_call=service.url), outbox, pause=0.001)
    notifier.tell(*about(), NOW)
    notifier.close(30)
    assert len(service.got) == 1
    assert outbox.dead_letters() == []


def test_pauses_grow_and_vary() -> None:
    import tenacity

    pauses: list[float] = []
    waiting = Deliver.__init__.__globals__["_MAX_PAUSE"]
    found = tenacity.wait_random_exponential(multiplier=1.0, max=waiting)
    state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
    for attempt in (1, 4, 30):
        state.attempt_number = attempt
        samples = [found(state) for _ in range(200)]
        assert 0 <= min(samples) < max(samples) <= min(2 ** (attempt - 1), 60)
        pauses.append(max(samples))
    assert pauses[0] < pauses[1] < pauses[2]


def test_what_cant_be_sent_is_kept_and_retried(service: Service, outbox: Outbox) -> None:
    service.failures = 5
    notifier = Notifier(urls(on_call=service.url), outbox, pause=0.001)
    notifier.tell(*about(), NOW)
    notifier.close(30)
    (dead,) = outbox.dead_letters()
    assert (dead.problem, dead.attempts) == ("the service didn't take it", 5)
    shares: list[float] = []
    again = deliver(outbox, send_by_apprise)
    url = service.url
    assert retry(outbox, again, lambda _: url, lambda share, _: shares.append(share)) == (1, 0)
    assert shares == [1.0]
    assert outbox.dead_letters() == []
    assert retry(outbox, again, lambda _: url, lambda *_: None) == (0, 0)


def test_a_retry_that_fails_keeps_the_letter(outbox: Outbox) -> None:
    def broken(*_: str) -> bool:
        raise RuntimeError(SECRET)

    assert not deliver(outbox, broken)("url", one_letter())
    assert retry(outbox, deliver(outbox, broken), lambda _: "u", lambda *_: None) == (0, 1)
    (dead,) = outbox.dead_letters()
    assert (dead.problem, dead.attempts) == ("sending failed (RuntimeError)", 6)
    assert retry(outbox, deliver(outbox, broken), lambda _: None, lambda *_: None) == (0, 1)
    (dead,) = outbox.dead_letters()
    assert dead.problem == "no URL is configured for this audience"
    assert SECRET not in outbox.dead.read_text()


def test_a_retry_that_is_cut_short_loses_nothing(outbox: Outbox) -> None:
    outbox.bury(one_letter(), "down")
    assert len(outbox.take_dead()) == 1  # and then the process ends
    outbox.bury(one_letter(id="T-2"), "down")
    with outbox.dead.open("a") as file:
        file.write('{"key": "cut o')
    assert len(outbox.take_dead()) == 2
    assert "cut o" in (outbox.dead.parent / "unreadable.jsonl").read_text()


def test_a_letter_that_an_ended_process_left_is_retried(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = one_letter()
    assert outbox.claim(letter)
    assert not outbox.claim(letter)
    assert outbox.take_dead() == []  # it may be on its way
    monkeypatch.setattr("tierline.serving.notify.outbox._ABANDONED", -1.0)
    assert outbox.take_dead() == [letter]
    assert outbox.claim(letter)
    outbox.sent(letter)
    kept = list((outbox.dead.parent / "keys").iterdir())
    assert [path.read_text().split() for path in kept] == [list(marks_of("T-1"))]  # no words
    monkeypatch.setattr("tierline.serving.notify.outbox._REMEMBERED", -1.0)
    outbox.prune()
    assert outbox.claim(letter)


def test_a_full_queue_makes_a_dead_letter_and_no_wait(outbox: Outbox) -> None:
    sending, go_on = threading.Event(), threading.Event()

    def slow(*_: str) -> bool:
        sending.set()
        return go_on.wait(30)

    notifier = Notifier(urls(on_call="json://a.example"), outbox, slow, limit=2)
    notifier.tell(*about(id="T-0"), NOW)
    assert sending.wait(30)
    for number in range(1, 5):
        notifier.tell(*about(id=f"T-{number}"), NOW)
    assert [letter.problem for letter in outbox.dead_letters()] == ["the queue was full"] * 2
    go_on.set()
    notifier.close(30)
    assert len(list((outbox.dead.parent / "keys").glob("*.sent"))) == 3


def test_a_service_that_hangs_holds_up_no_other_and_no_end(outbox: Outbox) -> None:
    sent, go_on = threading.Event(), threading.Event()

    def send(url: str, title: str, body: str) -> bool:
        if "slow" in url:
            return go_on.wait(30)
        sent.set()
        return True

    endpoints = urls(on_call="json://fast.example", manager="json://slow.example")
    notifier = Notifier(endpoints, outbox, send)
    angry = about(CALM, ANGRY, attempts=4)
    notifier.tell(*angry, NOW)
    notifier.tell(angry[0].model_copy(update={"id": "T-2"}), angry[1], NOW)
    notifier.tell(*about(BREACH), NOW)
    assert sent.wait(30)
    notifier.close(0.05)
    assert [letter.problem for letter in outbox.dead_letters()] == ["the server stopped"]
    go_on.set()


def test_many_services_that_hang_hold_up_the_end_no_longer_than_one(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, go_on = [0.0], threading.Event()

    def waited(_: threading.Thread, seconds: float) -> None:
        now[0] += seconds

    many = " ".join(f"json://{name}.example" for name in "abcd")
    notifier = Notifier(urls(on_call=many), outbox, lambda *_: go_on.wait(30))
    notifier.tell(*about(), NOW)
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: now[0])
        patch.setattr(threading.Thread, "join", waited)
        notifier.close(5)
    go_on.set()
    notifier.close(30)
    assert now[0] <= 6


def test_a_full_disk_doesnt_silence_on_call(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    sent: list[str] = []

    def send(url: str, title: str, body: str) -> bool:
        sent.append(url)
        return True

    for name in ("claim", "sent", "bury"):
        monkeypatch.setattr(outbox, name, full)
    notifier = Notifier(urls(on_call="json://a.example"), outbox, send)
    notifier.tell(*about(), NOW)
    notifier.close(30)
    assert len(sent) == 1
    assert "OSError" in caplog.text
    notifier = Notifier(urls(on_call="json://a.example"), outbox, send, limit=0)
    notifier.tell(*about(), NOW)
    assert "is lost: the queue was full" in caplog.text


def test_letters_hold_no_text_but_evidence(planted: list[dict[str, Any]]) -> None:
    letter = one_letter(f"{LOSS}. Mail zoe@kestra.example about the Zebrafish project.")
    assert "Zebrafish" not in letter.model_dump_json()
    assert "kestra" not in letter.model_dump_json()
    ticket, answer = about(BREACH, id="<!here> x")
    quote = Reason(rule="a.b", text="it says", evidence=("@channel hacked https://evil.example",))
    (loud,) = letters(
        News(ticket, answer.model_copy(update={"reasons": (quote,)})), "on_call", 1, NOW
    )
    assert "it says: “hacked”" in loud.body
    for sign in ("@", "://", "<", ".example"):
        assert sign not in loud.title + loud.body
    for row in planted[::3]:
        said = one_letter(f"{row['text']} {BREACH}", id=None)
        for secret in row["secrets"]:
            assert secret not in said.body + said.title or secret in LOSS + BREACH
        assert len(said.body) <= 800


def test_tickets_without_an_id_are_told_apart_by_their_words() -> None:
    same, other = one_letter(id=None), one_letter(LOSS + " again", id=None)
    assert same.key == one_letter(id=None).key
    assert same.key != other.key
    assert same.key != one_letter(id=None, customer="C-7").key


@pytest.mark.parametrize("name", ["T-1", None])
def test_a_new_incident_with_the_same_words_is_told(name: str | None) -> None:
    def key(now: datetime, **fields: Any) -> str:
        (letter,) = letters(News(*about(id=name, **fields)), "on_call", 1, now)
        return letter.key

    assert key(NOW) == key(NOW + timedelta(hours=11))
    assert key(NOW) != key(NOW + timedelta(days=20))
    filed = [key(NOW, created_at=NOW - timedelta(seconds=n)) for n in (0, 1)]
    assert len(set(filed)) == (2 if name is None else 1)


def test_a_server_that_runs_for_long_forgets_too(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (one_letter(id=name) for name in ("T-1", "T-2"))
    deliver(outbox, lambda *_: True)("url", old)
    monkeypatch.setattr("tierline.serving.notify.outbox._REMEMBERED", -1.0)
    deliver(outbox, lambda *_: True)("url", new)  # not a day later
    assert not outbox.claim(old)
    outbox._next_prune = 0.0
    assert outbox.claim(old)


def test_urls_come_from_the_environment_and_a_file(tmp_path: Path) -> None:
    file = tmp_path / "notify.toml"
    file.write_text(
        '[audiences]\nmanager = "json://a.example"\nsenior-engineers = ["json://b.example"]\n'
        'on-call = "json://old.example"\n'
    )
    environment = {
        "TIERLINE_NOTIFY_CONFIG": str(file), "TIERLINE_NOTIFY_DIR": "x", "HOME": "/",
        "TIERLINE_NOTIFY_ON_CALL": "json://c.example  json://d.example",
        "TIERLINE_NOTIFY_TIER_1": "",
    }  # fmt: skip
    found = load_endpoints(environment, POLICY)
    assert {name: [e.url for e in group] for name, group in found.items()} == {
        "manager": ["json://a.example"],
        "senior_engineers": ["json://b.example"],
        "on_call": ["json://c.example", "json://d.example"],
    }
    assert "a.example" not in repr(found)
    names = [f"tier_{n}" for n in TIERS]
    assert set(urls(**dict.fromkeys(names, "json://a.example"))) == set(names)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'[audiences]\non_call = "nonsense://{SECRET}"', r"on_call: URL 1 of 1 is none that Appr"),
        (f'[audiences]\nboss = "json://{SECRET}"', r"boss: expected one of .*manager"),
        (f"[audiences]\non_call = json://{SECRET}", r"expected TOML in UTF-8"),
        ("[audiences]\non_call = 5", r"audiences\.on_call: expected a URL or a list of URLs"),
        ("[audiences]\non_call = []", r"audiences\.on_call: expected a URL or a list of URLs"),
        ("[audiences]\non_call = [5]", r"audiences\.on_call: expected a URL or a list of URLs"),
        ("audience = 1", r"expected a table \[audiences\]"),
        (None, r"can't be read: No such file"),
    ],
)
def test_a_wrong_configuration_is_refused_without_its_secrets(
    tmp_path: Path, text: str | None, said: str
) -> None:
    file = tmp_path / "notify.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError, match=said) as caught:
        load_endpoints({"TIERLINE_NOTIFY_CONFIG": str(file)}, POLICY)
    assert SECRET not in str(caught.value)


def test_a_misspelt_variable_is_refused() -> None:
    with pytest.raises(InputError, match="TIERLINE_NOTIFY_MANGER: expected one of"):
        urls(manger=f"json://{SECRET}")


def test_no_url_reaches_a_log(
    service: Service, outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert not is_url(f"nonsense://{SECRET}")
    service.failures = 1
    gone = f"json://127.0.0.1:1/{SECRET}"
    notifier = Notifier(urls(on_call=f"{service.url} {gone}"), outbox, pause=0.001)
    notifier.tell(*about(), NOW)
    notifier.close(30)
    assert len(service.got) == len(outbox.dead_letters()) == 1
    assert "for on_call failed" in caplog.text
    assert SECRET not in caplog.text
    assert SECRET not in "".join(p.read_text() for p in outbox.dead.parent.rglob("*.*"))


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


def test_a_claim_of_a_process_that_ended_is_taken_over(outbox: Outbox) -> None:
    letter = one_letter()
    assert outbox.claim(letter)
    assert not outbox.claim(letter)
    (pending,) = outbox.dead.parent.rglob("*.pending")
    hours_ago = pending.stat().st_mtime - 2 * 3_600
    os.utime(pending, (hours_ago, hours_ago))
    assert outbox.claim(letter)
    assert not outbox.claim(letter)


def test_letters_are_erased_by_their_age(outbox: Outbox) -> None:
    old = one_letter()
    new = old.model_copy(update={"key": "new", "made_at": NOW + timedelta(days=1)})
    waiting = old.model_copy(update={"key": "waiting"})
    for letter in (old, new):
        outbox.bury(letter, "gone", 5)
    outbox.take_dead()  # kept aside, then buried again
    outbox.bury(old, "gone", 1)
    assert outbox.claim(waiting)
    assert outbox.erase_before(NOW + timedelta(hours=1)) == 3
    assert [letter.key for letter in outbox.take_dead()] == ["new"]
    assert outbox.claim(waiting)
    assert outbox.erase_before(NOW + timedelta(days=2)) == 2
    assert not [path for path in outbox.dead.parent.rglob("*.*") if path.read_text()]


def test_a_ticket_that_goes_to_another_tier_or_team_is_told_again(outbox: Outbox) -> None:
    sent: list[str] = []

    def send(url: str, title: str, body: str) -> bool:
        sent.append(title)
        return True

    ticket, answer = about()
    changes: tuple[dict[str, Any], ...] = (
        {},
        {"team": "senior-engineers"},
        {"tier": 4},
        {"severity": "P2"},
        {},
    )
    notifier = Notifier(urls(on_call="json://a.example"), outbox, send)
    for change in changes:
        notifier.tell(ticket, answer.model_copy(update=change), NOW)
    notifier.close(30)
    assert [title.partition(" to ")[2] for title in sent] == [
        "tier 3, incident-response", "tier 3, senior-engineers", "tier 4, incident-response",
    ]  # fmt: skip


def test_a_draft_packet_says_what_it_lacks_and_the_complete_one_is_told(outbox: Outbox) -> None:
    sent: list[tuple[str, str, str]] = []

    def send(url: str, title: str, body: str) -> bool:
        sent.append((url[7], title, body.splitlines()[1]))
        return True

    everyone = urls(on_call="json://a.example", incident_response="json://b.example")
    ticket, answer = about()
    draft, whole = packet(ticket, answer), packet(ticket, answer, contact="by mail")
    for one in (draft, draft, whole, whole):
        notifier = Notifier(everyone, outbox, send)
        assert notifier.tell(ticket, answer, NOW, one) == ("on_call", "incident_response")
        notifier.close(30)
    lacks = "The packet isn't complete. Missing: contact."
    news = "Severity unknown: T-1 to tier 3, incident-response"
    drafts, told = sorted(sent[:2]), sent[2:]
    assert drafts == [(who, f"Draft: {news}", lacks) for who in "ab"]
    ((who, title, line),) = told  # on-call heard of the escalation already
    assert (who, title) == ("b", news)
    assert line.startswith("- ")


def test_a_letter_that_is_erased_while_it_is_sent_doesnt_come_back(outbox: Outbox) -> None:
    def erased(*_: str) -> bool:
        outbox.erase_of(marks_of("T-1"))
        return False

    assert not deliver(outbox, erased)("url", one_letter())
    assert outbox.dead_letters() == []
    assert not list(outbox.dead.parent.rglob("*.pending"))


@pytest.mark.parametrize("mark", [{"ticket": "T-7"}, {"customer": "C-7"}])
@pytest.mark.parametrize("up", [True, False])
def test_letters_in_memory_dont_come_back_after_an_erasure(
    outbox: Outbox, mark: dict[str, str], up: bool
) -> None:
    sending, go_on = threading.Event(), threading.Event()
    tried: list[str] = []

    def send(url: str, title: str, body: str) -> bool:
        sending.set()
        tried.append(title)
        return go_on.wait(30) and up

    hers = {"id": "T-7", "customer": "C-7"}
    notifier = Notifier(urls(on_call="json://a.example"), outbox, send, pause=0.0)
    notifier.tell(*about(**hers), NOW)
    assert sending.wait(30)
    notifier.tell(*about(BREACH, **hers), NOW)
    outbox.erase_of(marks_of(**mark))
    go_on.set()
    notifier.close(30)
    assert len(set(tried)) == 1
    assert outbox.dead_letters() == []
    assert not [p for p in outbox.dead.parent.rglob("*") if p.suffix in {".sent", ".pending"}]
    later = letters(News(*about(**hers)), "on_call", 1, datetime.now(UTC))
    assert outbox.claim(next(iter(later)))  # what comes after the erasure is told


def test_marks_of_the_erased_go_after_a_week(outbox: Outbox) -> None:
    outbox.erase_of(marks_of("T-1"))
    assert not outbox.claim(one_letter())
    (mark,) = (outbox.dead.parent / "erased").iterdir()
    outbox.prune()
    assert mark.exists()
    week_ago = mark.stat().st_mtime - 8 * 86_400
    os.utime(mark, (week_ago, week_ago))
    outbox.prune()
    assert outbox.claim(one_letter())


def test_a_lost_line_is_erased_with_any_ticket_and_others_stay(outbox: Outbox) -> None:
    outbox.bury(one_letter(id="T-2"), "gone")
    with outbox.dead.open("a") as file:
        file.write('{"key": "cut o\n')
    assert outbox.erase_of(marks_of("T-1", "C-1")) == 1
    assert [letter.marks for letter in outbox.dead_letters()] == [marks_of("T-2")]
