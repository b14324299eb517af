"""Corrections, outcomes, locks and exclusions: each once, and what they know of the decision."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from tierline.data.errors import StoreError
from tierline.data.feedback import Origin, read_feedback
from tierline.data.quarantine import Quarantine
from tierline.serving.policy import Exclusion as TeamExclusion
from tierline.serving.routing.router import Router
from tierline.serving.store import feedback, moments
from tierline.serving.store.decisions import Archive
from tierline.serving.store.feedback import UnknownDecisionError
from tierline.serving.store.forms import CorrectionForm, Exclusion, Lock, OutcomeForm
from tierline.serving.store.replay import replay
from tierline.serving.store.schema import outcomes
from tierline.serving.store.store import Store
from tierline.serving.teams.exclusions import NO_MORE, Exclusions

from ..fakes import NOW, POLICY, prediction
from .making import PERSONAL, record, ticket


def exported(store: Store, folder: Path, since: datetime | None = None) -> list[dict[str, Any]]:
    path = folder / "out.jsonl"
    with store.database.reading() as connection:
        count = feedback.export(connection, path, since)
    found = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(found) == count
    return found


def test_a_correction_knows_its_decision(store: Store, tmp_path: Path) -> None:
    of = ticket(f"It fails. {PERSONAL}", id="T-1", customer="C-1")
    (name,) = record(store, of, said=prediction("P3", "bug"))
    _, new = store.put_correction(CorrectionForm(decision=name, severity="P2"))
    assert new
    (row,) = exported(store, tmp_path)
    assert row.pop("body").startswith("It fails. my phone is [")
    assert datetime.fromisoformat(row.pop("corrected_at")).tzinfo is not None
    assert row == {
        "severity": "P2",
        "origin": "human",
        "model_severity": "P3",
        "model_issue_type": "bug",
        "model_sentiment": "neutral",
    }


def test_retraining_reads_what_is_exported(store: Store, tmp_path: Path) -> None:
    record(store, ticket("It fails.", id="T-1"), said=prediction("P3", "bug"))
    store.put_correction(CorrectionForm(ticket="T-1", severity="P2", issue_type="bug"))
    store.put_correction(
        CorrectionForm(ticket="T-9", sentiment="negative", origin=Origin.BLIND_SAMPLE)
    )
    exported(store, tmp_path)
    with Quarantine(tmp_path / "q.jsonl") as quarantine:
        found = read_feedback([tmp_path / "out.jsonl"], quarantine)
    assert quarantine.count == 0
    by_id = {c.row.ticket.id: c for c in found}
    assert by_id["T-1"].evidence == {"severity": "P2"}  # the type only repeats the answer
    assert by_id["T-1"].row.ticket.body == "It fails."
    assert by_id["T-9"].origin is Origin.BLIND_SAMPLE


def test_the_same_correction_comes_once(store: Store, tmp_path: Path) -> None:
    (name,) = record(store, ticket(id="T-1"))
    at = datetime(2025, 3, 10, 13, tzinfo=UTC)
    forms = [
        CorrectionForm(ticket="T-1", severity="P2"),
        CorrectionForm(ticket="T-1", severity="P2"),
        CorrectionForm(decision=name, severity="P2"),
        CorrectionForm(decision=name.upper(), severity="P2"),
        CorrectionForm(ticket="T-1", severity="P2", corrected_at=at),
        CorrectionForm(ticket="T-1", severity="P3"),
        CorrectionForm(ticket="T-1", severity="P2", origin=Origin.IMPORT),
        CorrectionForm(body="other words", severity="P2"),
        CorrectionForm(body="other  words", severity="P2"),
    ]
    new = [store.put_correction(form)[1] for form in forms]
    assert new == [True, False, False, False, True, True, True, True, False]
    assert len(exported(store, tmp_path)) == 5
    assert exported(store, tmp_path, since=datetime.now(UTC) + timedelta(hours=1)) == []


def test_a_decision_that_is_not_stored_is_told(store: Store) -> None:
    record(store, ticket(id="T-1"))
    for name in ("0" * 36, "T-1"):
        with pytest.raises(UnknownDecisionError):
            store.put_correction(CorrectionForm(decision=name, severity="P2"))


def test_an_id_that_is_personal_is_not_stored_as_it_is(store: Store, tmp_path: Path) -> None:
    store.put_correction(CorrectionForm(ticket="jo@example.com", body="x", severity="P2"))
    (row,) = exported(store, tmp_path)
    assert "id" not in row


@pytest.mark.parametrize(
    "given",
    [
        {"ticket": "T-1"},
        {"severity": "P1"},
        {"severity": "P1", "body": "  "},
        {"ticket": "T-1", "severity": "ask jo@example.com"},
        {"ticket": "T-1", "severity": "x" * 201},
        {"ticket": "T-1", "severity": "P1", "origin": "robot"},
        {"ticket": "T-1", "severity": "P1", "corrected_at": "0001-01-01T00:00:00+14:00"},
        {"ticket": "T-1", "severity": "P1", "prio": 1},
    ],
)
def test_bad_corrections_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        CorrectionForm.model_validate(given)
    assert "example.com" not in str(caught.value)


def test_an_outcome_grows(store: Store) -> None:
    at = datetime(2025, 3, 10, 13, tzinfo=UTC)
    store.put_outcome(OutcomeForm(ticket="T-1", resolved_at=at, resolved_tier=2, reopened=False))
    for _ in range(2):
        store.put_outcome(OutcomeForm(ticket="T-1", csat=4, reopened=True))
    with store.database.reading() as connection:
        (row,) = connection.execute(select(outcomes)).all()
    assert (row.resolved_at, row.resolved_tier, row.reopened, row.csat) == (at, 2, True, 4)


def test_a_lock_holds_from_the_next_look_on(store: Store) -> None:
    of = ticket(id="T-1", current_tier=1)
    assert store.with_locks([of]) == [of]
    store.put_lock("T-1", 2)
    assert store.put_lock("T-1", 3).tier == 3
    found = store.with_locks([ticket(id="T-2"), of, ticket()])
    assert [(t.id, t.locked_by_human, t.current_tier) for t in found] == [
        ("T-2", False, None),
        ("T-1", True, 3),
        (None, False, None),
    ]
    lock = store.find_lock("T-1")
    assert lock is not None
    assert lock.tier == 3
    assert store.remove_lock("T-1")
    assert not store.remove_lock("T-1")
    assert store.find_lock("T-1") is None
    assert store.with_locks([of]) == [of]


def test_a_lock_whose_ticket_is_routed_while_it_is_stored(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = moments.keep

    def meanwhile(*how: Any) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(store.with_locks, [ticket(id="T-1")]).result()
        keep(*how)

    monkeypatch.setattr(moments, "keep", meanwhile)
    lock = store.put_lock("T-1", 2)
    assert (lock.tier, store.find_lock("T-1")) == (2, lock)
    store.writer.away(StoreError("gone"))
    (found,) = store.with_locks([ticket(id="T-1")])
    assert (found.locked_by_human, found.current_tier) == (True, 2)


def test_a_lock_is_never_missing_while_others_look(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = []

    class Locks(dict[str, Lock]):
        def pop(self, *how: Any) -> Any:
            found = super().pop(*how)
            held.append(key in self)
            return found

    key = store.pseudonyms().ticket("T-1")
    monkeypatch.setattr(store, "_locks", Locks())
    store.put_lock("T-1", 2)
    for _ in range(2):
        store.with_locks([ticket(id="T-1"), ticket(id="T-2")])
    assert held
    assert all(held)


def test_a_lock_by_one_server_holds_in_another(store: Store, url: str, tmp_path: Path) -> None:
    other = Store(url, tmp_path / "spool")
    other.start(need=True)
    store.put_lock("T-1", 2)
    assert other.with_locks([ticket(id="T-1")])[0].current_tier == 2
    store.remove_lock("T-1")
    assert not other.with_locks([ticket(id="T-1")])[0].locked_by_human
    other.close()


def test_exclusions_are_kept_once(store: Store) -> None:
    one, other = Exclusion(from_team="a", to_team="b"), Exclusion(from_team="b", to_team="a")
    for exclusion in (other, one, one):
        store.put_exclusion(exclusion)
    assert store.exclusions() == [one, other]
    assert store.remove_exclusion(one)
    assert not store.remove_exclusion(one)
    assert store.exclusions() == [other]


def test_exclusions_hold_at_once_and_in_every_server(
    store: Store, url: str, tmp_path: Path
) -> None:
    other = Store(url, tmp_path / "spool")
    other.start(need=True)
    assert other.exclusions_beside(POLICY) == NO_MORE
    order = Exclusion(from_team="social-media", to_team="integrations")
    store.put_exclusion(order)
    store.put_exclusion(Exclusion(from_team="social-media", to_team="nobody-here"))
    rule = TeamExclusion(to_team="integrations", from_team="social-media")
    assert other.exclusions_beside(POLICY).rules == (rule,)
    other.writer.away(StoreError("away"))
    store.remove_exclusion(order)
    assert other.exclusions_beside(POLICY).rules == (rule,)
    assert store.exclusions_beside(POLICY) == NO_MORE
    other.close()


def test_a_decision_under_an_exclusion_replays(store: Store) -> None:
    never = Exclusions((TeamExclusion(to_team="general-support", channel="email"),))
    made = Router(POLICY).decide([ticket(id="T-9", channel="email")], NOW, never)
    assert made[0].recommendation.team != "general-support"
    store.record(made, POLICY, NOW)
    store.writer.flush()
    with store.database.reading() as connection:
        stored = Archive(connection, store.pseudonyms()).find("T-9")
    assert stored.row["exclusions"] == [
        {"to_team": "general-support", "channel": "email", "text": ""}
    ]
    assert replay(stored).same
