"""32 writers at once, each with connections of its own, lose nothing and double nothing."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from tierline.serving.store.forms import CorrectionForm, Exclusion, OutcomeForm
from tierline.serving.store.remembered import Remembered
from tierline.serving.store.setup import counts, make
from tierline.serving.store.store import Store

from ..fakes import NOW, POLICY, prediction
from .making import decided, rows, ticket, wait_for

WRITERS = 32
EACH = 3


def test_concurrent_writers_lose_and_double_nothing(url: str, tmp_path: Path) -> None:
    if url.startswith("postgresql"):
        url += "&connect_timeout=60"  # on a busy machine 32 at once wait for each other
    first = Store(url, tmp_path / "spool")
    make(first.database)
    shared = [Remembered.of(decided(ticket(), prediction()), POLICY, NOW) for _ in range(EACH)]
    ready = Barrier(WRITERS)

    def write(number: int) -> set[str]:
        store = Store(url, tmp_path / "spool")
        store.start(need=True)
        own = [Remembered.of(decided(ticket(), prediction()), POLICY, NOW) for _ in range(EACH)]
        ready.wait()
        for one, other in zip(own, shared, strict=True):
            store.writer.submit([one, other])  # the shared ones come from every writer
            store.writer.flush()
        for _ in range(2):
            store.put_lock(f"T-{number % 4}", 1 + number % 4)
            store.put_correction(CorrectionForm(ticket=f"T-{number % 4}", severity="P1"))
            store.put_outcome(OutcomeForm(ticket=f"T-{number % 4}", csat=5))
            store.put_exclusion(Exclusion(from_team="a", to_team="b"))
        store.close()
        assert store.status.lost == 0
        return {one.id for one in own}

    with ThreadPoolExecutor(WRITERS) as pool:
        ids = set().union(*pool.map(write, range(WRITERS)))
    first.write_spool()  # what a writer put there because it waited too long
    wait_for(first.spool.is_empty)
    assert rows(first).keys() == ids | {one.id for one in shared}
    held = counts(first.database)
    assert held == {
        "decisions": (WRITERS + 1) * EACH,
        "feedback": 4,
        "outcomes": 4,
        "locks": 4,
        "handoffs": 0,
        "exclusions": 1,
    }
    first.database.close()
