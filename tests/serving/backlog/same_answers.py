"""Show that a backlog's answers are those of single calls, and of the API.

`python -m tests.serving.backlog.same_answers FILE MODEL` answers the first tickets of a file one by
one, then in one batch, by `POST /v1/route` and `/v1/route/batch`, and as `tierline score` does, all
as of one moment. For each way it prints how many answers were compared and how many differ in
anything, and it ends with 1 if any does. `--count` says how many tickets (2,000), `--map` and
`--policy` are as with `tierline score`; `--ray` has a local Ray of two actors answer, too: in a
network of its own, for Ray listens on all addresses (`unshare -n bash -c 'ip link set lo up; …'`).
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tierline.data.columns import parse_map
from tierline.data.readers import TicketFile
from tierline.data.rows import Row
from tierline.data.ticket import Ticket
from tierline.models.runtime.predictor import Predictor
from tierline.serving.backlog.inputs import Backlog
from tierline.serving.backlog.ray_engine import RayJob, score_on_ray
from tierline.serving.backlog.scoring import Scoring, score
from tierline.serving.backlog.sources import Sources
from tierline.serving.http.schemas import MAX_BATCH
from tierline.serving.live.limits import Limits
from tierline.serving.live.options import Live
from tierline.serving.policy import Policy, load_policy
from tierline.serving.routing.router import Router

from ..live.app import NOON, serving, stop_clock

Answers = list[dict[str, Any]]
#: Whatever the machine is busy with, the model answers all, and nobody is sent away.
PATIENT = Live(limits=Limits(waiting=10_000, wait=86_400.0, deadline=86_400.0))


class Ways:
    """The ways to an answer, each from the same tickets, model, policy and moment."""

    def __init__(self, tickets: Sequence[Ticket], bundle: Path, policy: Policy) -> None:
        self.tickets, self.bundle, self.policy = tickets, bundle, policy

    def router(self) -> Router:
        return Router(self.policy, Predictor.load(self.bundle))

    def single(self) -> Answers:
        router = self.router()
        return [_plain(router.route([ticket], NOON)[0]) for ticket in self.tickets]

    def batch(self) -> Answers:
        return [_plain(answer) for answer in self.router().route(self.tickets, NOON)]

    def route(self) -> Answers:
        with _client(self.bundle, self.policy) as client:
            return [_body(client.post("/v1/route", json=_asked(t))) for t in self.tickets]

    def route_batch(self) -> Answers:
        answers: Answers = []
        with _client(self.bundle, self.policy) as client:
            for start in range(0, len(self.tickets), MAX_BATCH):
                some = self.tickets[start : start + MAX_BATCH]
                asked = {"tickets": [_asked(ticket) for ticket in some]}
                answers += _body(client.post("/v1/route/batch", json=asked))["answers"]
        return [_without_store(answer) for answer in answers]

    def scored(self) -> Answers:
        def work(source: Path, out: Path) -> None:
            score(Backlog.of(source, {}), out, self.router(), NOON, lambda *_: None)

        return self._written(work)

    def scored_on_ray(self) -> Answers:
        def work(source: Path, out: Path) -> None:
            sources = Sources.of(str(source), {})
            job = RayJob(sources, self.router(), self.bundle, NOON, workers=2)
            score_on_ray(job, out, lambda *_: None, Scoring())

        return self._written(work)

    def _written(self, work: Callable[[Path, Path], None]) -> Answers:
        with TemporaryDirectory(prefix="tierline-same-") as folder:
            source, out = Path(folder) / "in.jsonl", Path(folder) / "out.jsonl"
            with source.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(_asked(ticket)) + "\n" for ticket in self.tickets)
            work(source, out)
            return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def compared(ways: Ways, *, ray: bool) -> Iterator[tuple[str, Answers, int]]:
    """Yield each way, its answers, and how many aren't those of single calls."""
    single = ways.single()
    found: Mapping[str, Callable[[], Answers]] = {
        "single calls again": ways.single,
        "one batch": ways.batch,
        "POST /v1/route": ways.route,
        "POST /v1/route/batch": ways.route_batch,
        "tierline score": ways.scored,
    }
    if ray:
        found = {**found, "tierline score --engine ray": ways.scored_on_ray}
    for name, way in found.items():
        answers = way()
        assert len(answers) == len(single)
        yield name, answers, sum(a != b for a, b in zip(answers, single, strict=True))


def tickets_of(file: Path, mapping: str | None, count: int) -> list[Ticket]:
    """Return the first usable tickets of a file."""
    rows = (row for row in TicketFile(file, parse_map(mapping)) if isinstance(row, Row))
    return [row.ticket for row in islice(rows, count)]


def _asked(ticket: Ticket) -> dict[str, Any]:
    return ticket.model_dump(mode="json", exclude_defaults=True)


def _plain(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.model_dump_json())
    return found


def _body(response: Any) -> dict[str, Any]:
    assert response.status_code == 200, response.status_code
    return _without_store(response.json())


def _without_store(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "store"}


def _client(bundle: Path, policy: Policy) -> Any:
    return serving(lambda: Predictor.load(bundle), live=PATIENT, policy=policy)


def main() -> int:
    """Print the counts; return 1 where an answer differs."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("file", type=Path)
    asked.add_argument("model", type=Path)
    asked.add_argument("--count", type=int, default=2_000)
    asked.add_argument("--map")
    asked.add_argument("--policy", type=Path)
    asked.add_argument("--ray", action="store_true")
    given = asked.parse_args()
    tickets = tickets_of(given.file, given.map, given.count)
    ways = Ways(tickets, given.model, load_policy(given.policy))
    all_differ = 0
    with pytest.MonkeyPatch.context() as patch:
        stop_clock(patch)
        for name, answers, differ in compared(ways, ray=given.ray):
            stages = Counter(answer["stage"] or answer["mode"] for answer in answers)
            print(
                f"{name}: {len(answers):,} compared, {differ:,} differ {dict(stages)}", flush=True
            )
            all_differ += differ
    return int(all_differ > 0)


if __name__ == "__main__":
    sys.exit(main())
