"""What is the same matter is told once, what is another is told again."""

import os
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tierline.serving.notify import outbox as outbox_module
from tierline.serving.notify.letter import News, letters
from tierline.serving.notify.notifier import Notifier
from tierline.serving.notify.outbox import Outbox

from ..fakes import BREACH, LOSS, NOW
from .letters import Service, about, deliver, one_letter, packet, urls


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
