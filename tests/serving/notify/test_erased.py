"""After an erasure nothing more is sent or kept of it, and what comes later is told."""

import hashlib
import os
import secrets
import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tierline.data.ticket import Ticket
from tierline.serving.notify.delivery import Deliver, retry
from tierline.serving.notify.letter import Letter, News, letters, marks_of
from tierline.serving.notify.outbox import Outbox
from tierline.serving.routing.recommend import recommend

from ..fakes import BREACH, NOW, POLICY
from ..store.making import files_with

ANN = "ann@example.com"
_WEEK_AGO = -8 * 86_400


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return tmp_path / "box"


def letter(made_at: datetime = NOW, ticket: str = "T-1") -> Letter:
    about = Ticket(id=ticket, customer=ANN, body=BREACH)
    news = News(about, recommend(about, None, POLICY, NOW))
    (found,) = letters(news, "on_call", 1, made_at)
    return found


def later() -> Letter:
    return letter(datetime.now(UTC) + timedelta(minutes=1))


def deliver(box: Path, send: Callable[[str, str, str], bool]) -> Deliver:
    return Deliver(Outbox(box), send, threading.Event(), pause=0.0)


def erase_ann(box: Path) -> Path:
    """Erase in a process of its own, so to speak; return the mark."""
    Outbox(box).erase_of(marks_of(customer=ANN))
    (mark,) = (box / "erased").iterdir()
    return mark


def full_disk(*_: object) -> bool:
    raise OSError("no space left")


def set_age(path: Path, seconds: float) -> None:
    at = path.stat().st_mtime + seconds
    os.utime(path, (at, at))


@pytest.mark.parametrize("claimed", [True, False])
@pytest.mark.parametrize("told_again", [True, False])
def test_a_letter_that_waits_for_its_next_try_isnt_sent_after_its_erasure(
    box: Path, monkeypatch: pytest.MonkeyPatch, claimed: bool, told_again: bool
) -> None:
    tries: list[str] = []

    def send(url: str, title: str, body: str) -> bool:
        tries.append(body)
        erase_ann(box)
        # Another server may be telling the same matter anew, under the same key.
        assert not told_again or Outbox.claim(Outbox(box), again)
        return False

    today = datetime.now(UTC)
    old, again = letter(today), letter(today).model_copy(update={"made_at": later().made_at})
    sending = deliver(box, send)
    if not claimed:
        monkeypatch.setattr(sending._outbox, "claim", full_disk)
    assert not sending("url", old)
    assert len(tries) == 1
    assert Outbox(box).dead_letters() == []
    assert Outbox(box).holds(again) == told_again


def test_a_letter_erased_by_its_age_isnt_tried_again(box: Path) -> None:
    tries: list[str] = []

    def send(url: str, title: str, body: str) -> bool:
        tries.append(body)
        Outbox(box).erase_before(NOW + timedelta(days=1))
        return False

    assert not deliver(box, send)("url", letter())
    assert len(tries) == 1


def test_who_waits_is_told_where_nobody_can_look_up_an_erasure(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending = deliver(box, lambda *_: True)
    for name in ("claim", "erased"):
        monkeypatch.setattr(sending._outbox, name, full_disk)
    assert sending("url", letter())


def test_a_mark_that_was_cut_off_silences_only_what_came_before_it(box: Path) -> None:
    mark = erase_ann(box)
    whole = mark.read_bytes()
    for cut in (*(whole[:length] for length in range(len(whole) + 1)), b"\0" * 32, b"\xff"):
        mark.write_bytes(cut)
        assert not Outbox(box).claim(letter()), cut
        anew = later()
        assert Outbox(box).claim(anew), cut
        Outbox(box).release(anew)
    assert not list(box.rglob("*.pending"))


def test_a_mark_of_another_user_silences_what_came_before_it(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase_ann(box)

    def private(*_: object, **__: object) -> str:
        raise PermissionError("permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", private)
        assert not Outbox(box).claim(letter())
        assert Outbox(box).claim(later())


def test_a_mark_that_was_cut_off_breaks_no_retry_off(box: Path) -> None:
    erase_ann(box).write_bytes(b"")
    Outbox(box).bury(later(), "down")
    sending = deliver(box, lambda *_: True)
    assert retry(Outbox(box), sending, lambda _: "url", lambda *_: None) == (1, 0)


def test_a_disk_that_fills_during_a_second_erasure_leaves_the_first_mark(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = erase_ann(box)
    whole = mark.read_bytes()
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        erase_ann(box)
    assert [path.name for path in mark.parent.iterdir()] == [mark.name]
    assert mark.read_bytes() == whole


@pytest.mark.parametrize(
    "erase",
    [lambda outbox: outbox.erase_of(marks_of("T-9")), lambda outbox: outbox.erase_before(NOW)],
)
def test_an_erasure_forgets_what_was_erased_a_week_ago(
    box: Path, erase: Callable[[Outbox], int]
) -> None:
    mark = erase_ann(box)
    erase(Outbox(box))
    assert mark.exists()
    set_age(mark, _WEEK_AGO)
    erase(Outbox(box))
    assert not mark.exists()


def test_what_an_erasure_leaves_cant_be_found_by_trying_ids(box: Path) -> None:
    assert deliver(box, lambda *_: True)("url", letter())
    Outbox(box).bury(letter(), "down")
    Outbox(box).erase_of(marks_of("T-1", ANN))
    guesses = [
        hashlib.sha256(f"{kind}\0{value}".encode()).hexdigest()[:8]
        for kind, value in (("customer", ANN), ("ticket", "T-1"))
    ]
    names = [path.name for path in (box / "erased").iterdir()]
    assert len(names) == 2
    assert not [name for name in names for guess in guesses if guess in name]
    assert not files_with(box, [*guesses, ANN, "T-1"])


def test_every_outbox_has_a_key_of_its_own_for_its_owner_only(box: Path, tmp_path: Path) -> None:
    here, there = erase_ann(box), erase_ann(tmp_path / "other")
    assert here.name != there.name
    key = box / "marks_key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    Outbox(box).erase_of(marks_of("T-9"))
    assert key.read_bytes() == before


def test_a_key_that_was_cut_off_is_made_anew(box: Path) -> None:
    erase_ann(box)
    (box / "marks_key").write_bytes(b"")
    assert Outbox(box).claim(letter())  # nobody can tell by whose key the mark was made
    Outbox(box).erase_of(marks_of("T-1"))
    assert len((box / "marks_key").read_bytes()) == 64
    assert not Outbox(box).claim(letter())


def test_two_processes_that_make_the_key_at_once_make_one(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = threading.Thread(target=lambda: Outbox(box).erase_of(marks_of("T-2")))
    make = secrets.token_hex

    def meanwhile(size: int) -> str:
        if other.ident is None:
            other.start()
            other.join(0.2)  # it must wait for this one; where it doesn't, it has ended by then
        return make(size)

    monkeypatch.setattr(secrets, "token_hex", meanwhile)
    Outbox(box).erase_of(marks_of("T-1"))
    other.join(30)
    for ticket in ("T-1", "T-2"):
        assert not Outbox(box).claim(letter(ticket=ticket))
    assert Outbox(box).claim(letter(ticket="T-3"))


def test_an_erasure_leaves_a_claim_that_is_just_being_made(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = threading.Thread(target=lambda: Outbox(box).erase_of(marks_of("T-2")))
    dump = Letter.model_dump_json

    def meanwhile(of: Letter) -> str:
        if other.ident is None:
            other.start()
            other.join(0.2)  # it must wait for the claim; where it doesn't, it has ended by then
        return dump(of)

    monkeypatch.setattr(Letter, "model_dump_json", meanwhile)
    assert deliver(box, lambda *_: True)("url", letter())
    other.join(30)
