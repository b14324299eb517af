"""People are told once, in the background, and what can't be sent is kept."""

import os
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tierline.data.errors import TierlineError
from tierline.serving.notify import outbox as outbox_module
from tierline.serving.notify.delivery import Deliver, retry
from tierline.serving.notify.letter import News, letters, marks_of
from tierline.serving.notify.notifier import Notifier
from tierline.serving.notify.outbox import Outbox
from tierline.serving.notify.sending import send as send_by_apprise
from tierline.serving.routing.recommendation import Reason

from ..fakes import BREACH, CALM, LOSS, NOW, prediction
from .letters import ANGRY, SECRET, Service, about, deliver, one_letter, packet, urls


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


def test_a_letter_with_a_line_end_that_is_none_of_json_is_read_whole(outbox: Outbox) -> None:
    letter = one_letter().model_copy(update={"body": "one\u2028two\u0085three\x1efour\n"})
    outbox.bury(letter, "down")
    assert [dead.body for dead in outbox.dead_letters()] == [letter.body]


def test_a_line_that_was_cut_off_inside_a_character_breaks_no_retry_off(outbox: Outbox) -> None:
    outbox.bury(one_letter(), "down")
    with outbox.dead.open("ab") as file:
        file.write('{"key": "cut ö'.encode()[:-1])
    assert len(outbox.take_dead()) == 1
    assert '{"key": "cut ' in (outbox.dead.parent / "unreadable.jsonl").read_text()
    assert not outbox.dead.exists()


def test_a_line_that_was_cut_off_swallows_no_letter_after_it(outbox: Outbox) -> None:
    def cut_off() -> None:
        with outbox.dead.open("a") as file:
            file.write('{"key": "cut o')

    cut_off()
    first, second = one_letter(id="T-1"), one_letter(id="T-2")
    outbox.bury(first, "down")
    assert [letter.key for letter in outbox.dead_letters()] == [first.key]
    cut_off()
    assert len(outbox.take_dead()) == 1  # and then the process ends
    outbox.bury(second, "down")
    assert [letter.key for letter in outbox.take_dead()] == [first.key, second.key]


def test_a_second_retry_is_refused_and_loses_nothing_of_the_first(outbox: Outbox) -> None:
    box = outbox.dead.parent
    refused: list[str] = []

    def again() -> None:
        other = Outbox(box)
        retry(other, deliver(other, lambda *_: True), lambda _: "u", lambda *_: None)

    def ends(*_: str) -> bool:
        outbox.bury(third, "down")
        try:
            again()
        except TierlineError as error:
            refused.append(str(error))
        raise KeyboardInterrupt  # the first one's process ends

    first, second, third = (one_letter(id=f"T-{number}") for number in range(3))
    for letter in (first, second):
        outbox.bury(letter, "down")
    with pytest.raises(KeyboardInterrupt):
        retry(outbox, deliver(outbox, ends), lambda _: "u", lambda *_: None)
    kept = {letter.key for letter in outbox.take_dead()}
    assert kept == {first.key, second.key, third.key}
    (said,) = refused
    assert said.startswith(f"expected no other retry of the letters in {box}; one is running")
    again()
    assert outbox.take_dead() == []


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


@pytest.mark.parametrize("before", [True, False])
def test_what_is_told_after_the_end_is_a_dead_letter(outbox: Outbox, before: bool) -> None:
    notifier = Notifier(urls(on_call="json://a.example"), outbox, lambda *_: True)
    if before:
        notifier.tell(*about(id="T-0"), NOW)
    notifier.close(30)
    assert notifier.tell(*about(id="T-1"), NOW) == ("on_call",)
    assert [letter.marks for letter in outbox.dead_letters()] == [marks_of("T-1")]
    assert [letter.problem for letter in outbox.dead_letters()] == ["the server stopped"]


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


def test_a_claim_of_a_process_that_ended_is_taken_over(outbox: Outbox) -> None:
    letter = one_letter()
    assert outbox.claim(letter)
    assert not outbox.claim(letter)
    (pending,) = outbox.dead.parent.rglob("*.pending")
    hours_ago = pending.stat().st_mtime - 2 * 3_600
    os.utime(pending, (hours_ago, hours_ago))
    assert outbox.claim(letter)
    assert not outbox.claim(letter)


@pytest.mark.parametrize("retried", [True, False])
def test_two_that_take_over_the_same_claim_at_once_dont_both_have_it(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch, retried: bool
) -> None:
    letter, age, mine = one_letter(), outbox_module._age, threading.current_thread()
    assert outbox.claim(letter)
    (pending,) = outbox.dead.parent.rglob("*.pending")
    hours_ago = pending.stat().st_mtime - 2 * 3_600
    os.utime(pending, (hours_ago, hours_ago))
    claimed: list[bool] = []
    other = threading.Thread(
        target=lambda: claimed.append(Outbox(outbox.dead.parent).claim(letter))
    )

    def meanwhile(path: Path) -> float:
        found = age(path)
        if threading.current_thread() is mine and other.ident is None:
            other.start()
            other.join(0.2)  # it must wait for this one; where it doesn't, it has it by then
        return found

    monkeypatch.setattr(outbox_module, "_age", meanwhile)
    if retried:
        assert outbox.take_dead() == [letter]
        # Free to be claimed again: by the other, or by this retry.
        other.join(30)
        claimed.append(outbox.claim(letter))
    else:
        claimed.append(outbox.claim(letter))
        other.join(30)
    assert sorted(claimed) == [False, True]


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
