"""Erasure: of a ticket, a customer or old rows, nothing is left in any table or file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from tierline.data.errors import StoreError
from tierline.serving.handoff.packet import Done, Step
from tierline.serving.store import purge as purging
from tierline.serving.store.forms import CorrectionForm, OutcomeForm
from tierline.serving.store.purge import Doomed, purge
from tierline.serving.store.remembered import Remembered
from tierline.serving.store.schema import metadata
from tierline.serving.store.setup import counts
from tierline.serving.store.store import Store

from ..fakes import NOW, POLICY, policy_with, prediction
from .making import decided, files_with, find, packet, record, rows, ticket

MARKED, OTHER = "zebrafish", "wolverine"


def fill(store: Store) -> None:
    """Two customers; of each a decision, a correction, an outcome, a lock and a spooled one."""
    for words, name, customer in ((MARKED, "T-1", "C-1"), (OTHER, "T-2", "C-2")):
        of = ticket(f"the {words} are gone", id=name, customer=customer)
        record(store, of)
        store.put_correction(CorrectionForm(ticket=name, severity="P2"))
        store.put_outcome(OutcomeForm(ticket=name, csat=1))
        store.put_lock(name, 2, "technical-support")
        store.put_handoff(packet(of), [Done(step=Step.NOTIFY, by="Ana")])
    store.writer.close()
    for words, name, customer in ((MARKED, "T-1", "C-1"), (OTHER, "T-2", "C-2")):
        of = ticket(f"again the {words}", id=name, customer=customer)
        found = Remembered.of(decided(of, prediction()), POLICY, NOW)
        store.spool.append(found.items)
        store.spool.append([store._seal(item) for item in found.items])
        store.spool.refuse(found.items)


def traces(store: Store, folder: Path, *marks: str) -> list[str]:
    """Tables and files that still hold one of the marks."""
    found = []
    with store.database.reading() as connection:
        for table in metadata.sorted_tables:
            # A row of rows would print its values cut short.
            held = str([tuple(row) for row in connection.execute(select(table))])
            found += [table.name] if any(mark in held for mark in marks) else []
    return [*found, *files_with(folder, marks)]


@pytest.mark.parametrize("doomed", [Doomed(ticket="T-1"), Doomed(customer="C-1")])
def test_nothing_remains_of_a_ticket_or_customer(
    store: Store, tmp_path: Path, doomed: Doomed
) -> None:
    fill(store)
    key = store.pseudonyms()
    marks = (MARKED, "T-1", key.ticket("T-1"), key.customer("C-1"))
    assert traces(store, tmp_path, *marks)
    with store.database.apart() as other:
        # While another program is connected, SQLite doesn't tidy up by itself.
        other.execute(text("SELECT count(*) FROM locks")).all()
        found = purge(store.database, store.spool, key, doomed)
        assert traces(store, tmp_path, *marks) == []
    assert found == {
        "spool": 3,
        "decisions": 1,
        "feedback": 1,
        "outcomes": 1,
        "locks": 1,
        "handoffs": 1,
    }
    assert set(counts(store.database).values()) == {1, 0}  # the other customer's, no exclusions
    assert store.spool.count() == (2, 1)
    if store.database.is_sqlite:
        with store.database.reading() as connection:
            assert connection.execute(text("PRAGMA freelist_count")).scalar() == 0
    assert OTHER in (store.spool.folder / "waiting.jsonl").read_text()


def test_a_customer_with_more_tickets_than_a_statement_takes_is_erased(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "_MOST_KEYS", 2)
    names = [f"T-{n}" for n in range(5)]
    theirs = [ticket(f"{MARKED} of {name}", id=name, customer="C-1") for name in names]
    record(store, *theirs, ticket(OTHER, id="T-9", customer="C-2"))
    for name in names:
        store.put_outcome(OutcomeForm(ticket=name, csat=1))
    found = purge(store.database, store.spool, store.pseudonyms(), Doomed(customer="C-1"))
    assert (found["decisions"], found["outcomes"]) == (5, 5)
    store.writer.close()
    assert traces(store, tmp_path, MARKED, store.pseudonyms().customer("C-1")) == []
    assert len(rows(store)) == 1


def test_what_is_old_goes_and_locks_stay(store: Store, tmp_path: Path) -> None:
    record(store, ticket(MARKED, id="T-1"), now=NOW)
    record(store, ticket(OTHER, id="T-1"), now=NOW + timedelta(hours=2))
    store.put_lock("T-1", 2)
    old = Remembered.of(decided(ticket(f"{MARKED} too"), prediction()), POLICY, NOW)
    store.writer.close()
    store.spool.append(old.items)
    found = purge(
        store.database, store.spool, store.pseudonyms(), Doomed(before=NOW + timedelta(hours=1))
    )
    assert found == {"spool": 1, "decisions": 1, "feedback": 0, "outcomes": 0, "handoffs": 0}
    assert traces(store, tmp_path, MARKED) == []
    assert [row["body"] for row in rows(store).values()] == [OTHER]
    assert store.find_lock("T-1") is not None
    later = Doomed(before=datetime.now(UTC) + timedelta(hours=1))
    assert purge(store.database, store.spool, store.pseudonyms(), later)["decisions"] == 1


@pytest.mark.parametrize("by", ["decision", "correction"])
def test_a_customers_rows_are_found_after_the_decisions_went(
    store: Store, tmp_path: Path, by: str
) -> None:
    of = ticket(MARKED, id="T-1", customer="C-1" if by == "decision" else None)
    record(store, of)
    store.put_lock("T-1", 2)
    store.put_outcome(OutcomeForm(ticket="T-1", csat=1))
    store.put_handoff(packet(of), [])
    store.put_lock("T-2", 3)
    if by == "correction":
        store.put_correction(CorrectionForm(ticket="T-1", customer="C-1", severity="P2"))
    key, written = store.pseudonyms(), datetime.now(UTC) + timedelta(hours=1)
    purge(store.database, store.spool, key, Doomed(before=NOW + timedelta(hours=1)))
    assert rows(store) == {}
    store.put_lock("T-1", 3)  # a lock that changes is the customer's all the same
    if by == "correction":
        purge(store.database, store.spool, key, Doomed(before=written))
    gone = purge(store.database, store.spool, key, Doomed(customer="C-1"))
    assert gone["locks"] == 1
    assert not traces(store, tmp_path, key.ticket("T-1"), key.customer("C-1"))
    assert store.find_lock("T-2") is not None


def test_policies_that_no_decision_names_go(store: Store, tmp_path: Path) -> None:
    rule = {"customer": "C-1", "to_team": "integrations"}
    naming = policy_with(exclusions=[rule])
    record(store, ticket(MARKED, id="T-1", customer="C-1"), policy=naming)
    record(store, ticket(OTHER, id="T-2"))
    assert "policies" in traces(store, tmp_path, "C-1")
    purge(store.database, store.spool, store.pseudonyms(), Doomed(customer="C-1"))
    assert not traces(store, tmp_path, "C-1")
    assert find(store, "T-2").policy == POLICY


def test_a_reader_of_the_old_log_is_told(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = sqlite_store
    record(store, ticket(MARKED, id="T-1"))
    monkeypatch.setattr("tierline.serving.store.engine.WRITE_SECONDS", 0.01)
    with store.database.reading() as connection:
        connection.execute(text("SELECT count(*) FROM decisions")).all()
        with pytest.raises(StoreError, match="still reads"):
            purge(store.database, store.spool, store.pseudonyms(), Doomed(ticket="T-1"))
    purge(store.database, store.spool, store.pseudonyms(), Doomed(ticket="T-1"))
    assert traces(store, Path(store.database.url.database or "").parent, MARKED) == []


def test_a_ticket_that_only_the_spool_knows_as_the_customers_goes_whole(
    store: Store, tmp_path: Path
) -> None:
    store.put_outcome(OutcomeForm(ticket="T-3", csat=1))
    store.put_lock("T-3", 2)
    store.writer.close()
    of = ticket(f"the {MARKED}", id="T-3", customer="C-3")
    store.spool.append(Remembered.of(decided(of, prediction()), POLICY, NOW).items)
    found = purge(store.database, store.spool, store.pseudonyms(), Doomed(customer="C-3"))
    assert (found["spool"], found["outcomes"], found["locks"]) == (1, 1, 1)
    assert not traces(store, tmp_path, MARKED, "T-3", store.pseudonyms().ticket("T-3"))


@pytest.mark.parametrize("hashed", [False, True])
def test_whose_a_lock_is_stays_known_when_an_old_line_of_the_spool_goes(
    store: Store, tmp_path: Path, hashed: bool
) -> None:
    for name in ("T-1", "T-2", "T-3"):
        store.put_lock(name, 2)
    store.put_outcome(OutcomeForm(ticket="T-1", csat=1))
    store.writer.close()
    key = store.pseudonyms()
    for name, customer, now in (
        ("T-1", "C-1", NOW),
        ("T-2", "C-2", NOW),
        ("T-3", None, NOW),
        ("T-3", "C-1", NOW + timedelta(days=9)),  # stays, and tells it later
    ):
        of = ticket(MARKED, id=name, customer=customer)
        found = Remembered.of(decided(of, prediction(), now=now), POLICY, now).items
        store.spool.append([store._seal(item) for item in found] if hashed else found)
    old = Doomed(before=NOW + timedelta(hours=1))
    assert purge(store.database, store.spool, key, old)["spool"] == 3
    gone = purge(store.database, store.spool, key, Doomed(customer="C-1"))
    assert (gone["locks"], gone["outcomes"], gone["spool"]) == (2, 1, 1)
    assert store.find_lock("T-2") is not None
    assert not traces(store, tmp_path, key.ticket("T-1"), key.customer("C-1"))
