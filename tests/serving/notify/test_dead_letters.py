"""What can't be sent is kept, and can be retried without a loss."""

import threading

import pytest

from tierline.data.errors import TierlineError
from tierline.serving.notify.delivery import retry
from tierline.serving.notify.letter import marks_of
from tierline.serving.notify.notifier import Notifier
from tierline.serving.notify.outbox import Outbox
from tierline.serving.notify.sending import send as send_by_apprise

from ..fakes import NOW
from .letters import SECRET, Service, about, deliver, one_letter, urls


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
