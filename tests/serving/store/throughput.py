"""How many decisions a second the store takes, and whether writers at once lose any.

    PYTHONPATH=training:serving:models:data python -m tests.serving.store.throughput

Texts are the corpus's test part, predictions are made by hand; what is timed is the way from an
answer to a committed row: redaction, JSON, queue, insert.
"""

import json
import multiprocessing
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from tierline.data.ticket import Ticket
from tierline.serving.routing.router import Decision
from tierline.serving.store.setup import counts, make
from tierline.serving.store.store import Store

from ..fakes import NOW, POLICY, prediction
from .making import decided
from .postgres import postgres

CORPUS = Path(__file__).parents[3] / "data" / "tickets" / "test.jsonl"
TOTAL, TEXTS, BATCH = 4_096, 400, 64


def made() -> list[Decision]:
    rows = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()[:TEXTS]]
    tickets = [Ticket(id=r["id"], subject=r.get("subject") or "", body=r["body"]) for r in rows]
    return [decided(ticket, prediction()) for ticket in tickets]


def write(url: str, spool: Path, answers: list[Decision], count: int) -> None:
    store = Store(url, spool)
    store.start(need=True)
    endless = cycle(answers)
    for _ in range(count // BATCH):
        store.record(list(islice(endless, BATCH)), POLICY, NOW, wait=True)
    store.close()
    assert store.status.lost == 0


def measure(name: str, url: str, spool: Path, answers: list[Decision], writers: int) -> None:
    fork = multiprocessing.get_context("fork")
    share = TOTAL // writers // BATCH * BATCH
    first = Store(url, spool)
    before = counts(first.database)["decisions"]
    first.database.close()
    start = time.perf_counter()
    processes = [
        fork.Process(target=write, args=(url, spool, answers, share)) for _ in range(writers)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    seconds = time.perf_counter() - start
    waited, refused = first.spool.count()
    first.write_spool()
    stored = counts(first.database)["decisions"] - before
    first.database.close()
    lost = share * writers - stored
    sys.stdout.write(
        f"{name}, {writers} writers: {share * writers:,} decisions in {seconds:.1f} s, "
        f"{share * writers / seconds:,.0f}/s; by the spool {waited:,}; "
        f"refused {refused}; lost {lost}\n"
    )


def main() -> None:
    answers = made()
    with tempfile.TemporaryDirectory() as folder, postgres() as server:
        places = {
            "SQLite": f"sqlite:///{folder}/store.db",
            "PostgreSQL": server.render_as_string(hide_password=False),
        }
        for name, url in places.items():
            store = Store(url)
            make(store.database)
            store.database.close()
            for writers in (1, 32):
                measure(name, url, Path(folder) / f"spool-{name}", answers, writers)


if __name__ == "__main__":
    main()
