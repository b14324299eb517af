"""People are told once, in the background, and what can't be sent is kept."""

import threading
import time
from typing import Any

import pytest

from tierline.serving.notify.delivery import Deliver
from tierline.serving.notify.letter import News, letters
from tierline.serving.notify.notifier import Notifier
from tierline.serving.notify.outbox import Outbox
from tierline.serving.routing.recommendation import Reason

from ..fakes import BREACH, CALM, LOSS, NOW, prediction
from .letters import ANGRY, SECRET, Service, about, one_letter, packet, urls


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
