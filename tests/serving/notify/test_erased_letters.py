"""Letters of erased tickets go, and stay away."""

import os
import threading
from datetime import UTC, datetime, timedelta

import pytest

from tierline.serving.notify.letter import News, letters, marks_of
from tierline.serving.notify.notifier import Notifier
from tierline.serving.notify.outbox import Outbox

from ..fakes import BREACH, NOW
from .letters import about, deliver, one_letter, urls


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
