"""What was erased stays erased, although a server or a spool still held some of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tierline.serving.store import decisions, erased
from tierline.serving.store.forms import OutcomeForm
from tierline.serving.store.purge import Doomed, purge
from tierline.serving.store.remembered import Json, Remembered
from tierline.serving.store.schema import erased as marks
from tierline.serving.store.schema import policies
from tierline.serving.store.spool import Spool
from tierline.serving.store.store import Store

from ..fakes import NOW, POLICY, policy_with, prediction
from .making import decided, find, rows, ticket, wait_for

DOOMED = [Doomed(ticket="T-1"), Doomed(customer="C-1")]


def items(words: str, name: str | None, customer: str | None = None) -> list[Json]:
    """The rows of a decision that somebody holds."""
    of = ticket(words, id=name, customer=customer)
    return Remembered.of(decided(of, prediction()), POLICY, NOW).items


def erase(store: Store, doomed: Doomed) -> None:
    purge(store.database, store.spool, store.pseudonyms(), doomed)


def bodies(store: Store) -> set[str]:
    return {row["body"] for row in rows(store).values()}


@pytest.mark.parametrize("doomed", DOOMED)
def test_what_was_held_or_spooled_is_not_written_after_an_erasure(
    store: Store, doomed: Doomed
) -> None:
    hers, others = items("hers", "T-1", "C-1"), items("others", "T-2", "C-2")
    erase(store, doomed)
    # Held or queued rows have ids as they came, those of another machine's spool hashes.
    store._write([*hers, *others, *items("unnamed", None)])
    store.spool.append([store._seal(item) for item in [*hers, *items("more", "T-3", "C-3")]])
    store.write_spool()
    assert bodies(store) == {"others", "unnamed", "more"}
    assert store.status.state == "on"


@pytest.mark.parametrize("doomed", DOOMED)
def test_who_comes_again_after_an_erasure_is_stored(store: Store, doomed: Doomed) -> None:
    erase(store, doomed)
    store._write(items("again", "T-1", "C-1"))
    assert bodies(store) == {"again"}
    before = items("before the second", "T-1", "C-1")
    erase(store, doomed)
    store._write(before)
    assert bodies(store) == set()


def test_a_line_that_does_not_say_when_it_was_recorded_has_its_clock(store: Store) -> None:
    old = items("spooled by an older Tierline", "T-1", "C-1")
    del old[-1]["recorded_at"]
    erase(store, Doomed(customer="C-1"))
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    store._write([*old, old[-1] | {"id": "later", "clock": later, "body": "later"}])
    assert bodies(store) == {"later"}


def test_what_only_a_held_decision_knew_as_the_customers_goes_too(store: Store) -> None:
    held = items("hers", "T-1", "C-1")
    for name in ("T-1", "T-2"):
        store.put_lock(name, 2)
        store.put_outcome(OutcomeForm(ticket=name, csat=1))
    erase(store, Doomed(customer="C-1"))
    assert store.find_lock("T-1") is not None  # nobody could know
    store._write(held)
    assert (store.find_lock("T-1"), bodies(store)) == (None, set())
    assert store.find_lock("T-2") is not None
    store.put_lock("T-1", 3)
    store._write(held)
    assert store.find_lock("T-1") is not None  # put there since


def test_a_policy_does_not_come_back_with_an_erased_decision(store: Store) -> None:
    naming = policy_with(exclusions=[{"customer": "C-1", "to_team": "integrations"}])

    def made(name: str, customer: str) -> list[Json]:
        of = ticket("words", id=name, customer=customer)
        return Remembered.of(decided(of, prediction(), naming), naming, NOW).items

    held = made("T-1", "C-1")
    erase(store, Doomed(customer="C-1"))
    store._write(held)
    with store.database.reading() as connection:
        assert naming.version not in connection.execute(select(policies.c.version)).scalars()
    store._write(made("T-2", "C-2"))
    assert find(store, "T-2").policy.version == naming.version


def test_a_purge_between_two_steps_of_a_spool_keeps_what_the_later_one_needs(
    store: Store, tmp_path: Path
) -> None:
    spool = Spool(tmp_path / "elsewhere")
    *versions, hers = items("hers", "T-1", "C-1")
    spool.append([*versions, hers, items("his", "T-2", "C-2")[-1]])
    assert not spool.drain(store._write, len(versions) + 1)
    assert bodies(store) == {"hers"}
    erase(store, Doomed(customer="C-1"))
    assert spool.drain(store._write, len(versions) + 1)
    assert find(store, "T-2").policy.version == POLICY.version


def test_marks_are_kept_for_a_while_and_match_no_hash(store: Store) -> None:
    key, now = store.pseudonyms(), datetime.now(UTC)

    def known() -> set[str]:
        with store.database.reading() as connection:
            return set(connection.scalars(select(marks.c.mark)))

    with store.database.writing() as connection:
        erased.add(connection, key, {key.ticket("T-1")}, now - erased.REMEMBERED * 1.01)
        erased.add(connection, key, {key.ticket("T-2")}, now - erased.REMEMBERED * 0.99)
    assert len(known()) == 2
    erase(store, Doomed(before=NOW))
    (left,) = known()
    assert left not in {key.ticket("T-2"), key.ticket("T-1")}


def test_who_writes_and_who_erases_take_turns(store: Store) -> None:
    """A decision that isn't committed yet when the erasure begins is erased all the same."""
    key = store.pseudonyms()
    with ThreadPoolExecutor(1) as pool:
        with store.database.writing() as connection:
            erased.without(connection, key, [])
            purging = pool.submit(erase, store, Doomed(customer="C-1"))
            if not store.database.is_sqlite:
                wait_for(lambda: waits_for_a_lock(store))
            decisions.write(connection, items("hers", "T-1", "C-1"), key)
        purging.result()
    assert rows(store) == {}


def waits_for_a_lock(store: Store) -> bool:
    with store.database.reading() as connection:
        query = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        return bool(connection.exec_driver_sql(query).scalar())
