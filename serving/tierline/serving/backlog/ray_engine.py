"""Score a backlog on Ray Data: files are read by tasks, answered by actors, written in order here.

The answers are those of the local engine, byte for byte: the same readers, the same rules and
model, the same code for each stretch, in the order of the input. An actor that dies is started
again and its stretch answered again; what this process has written is in the job's state.
"""

import logging
import os
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypedDict

import numpy as np

from tierline.data.errors import InputError, TierlineError
from tierline.models.runtime.predictor import Predictor
from tierline.serving.backlog.answering import Answering
from tierline.serving.backlog.inputs import Backlog, Stretch
from tierline.serving.backlog.job import Job, refuse_inputs
from tierline.serving.backlog.scoring import Scoring, commit_all, identity_of
from tierline.serving.backlog.sources import Source, Sources
from tierline.serving.backlog.summary import Chunk, Summary
from tierline.serving.backlog.tables import Codec
from tierline.serving.policy import Policy
from tierline.serving.policy.calendars import libraries
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Router
from tierline.serving.store.versions import backlog_version

if TYPE_CHECKING:
    from ray import ObjectRef

#: Small blocks: a file of one gigabyte is answered by all actors, not by one.
_BLOCK_BYTES: Final = 1 << 20
#: Other than an actor's: Ray would make one step of both, and one actor would answer a whole file.
_READING_CPUS: Final = 0.5
Chunks = Generator[Chunk, None, None]
Files = Mapping[str, bytes]
Versions = tuple[str, dict[str, str]]


class Batch(TypedDict):
    """What goes from step to step: one object, or what is wrong with the backlog from there on."""

    found: Any
    problem: Any


@dataclass(frozen=True)
class RayJob:
    """What the cluster is to do: the files, how many actors answer them, and by what.

    Of ``router`` only its settings travel; ``bundle`` is the folder of its model. Without
    ``workers`` all processors but one answer.
    """

    sources: Sources
    router: Router
    bundle: Path | None
    now: datetime
    workers: int | None = None


def need_ray() -> None:
    """Refuse to go on without Ray.

    Raises:
        InputError: naming the extra to install.
    """
    if find_spec("ray") is None:
        raise InputError("--engine ray needs Ray: pip install 'tierline[ray]'")


def score_on_ray(
    work: RayJob, out: Path, progress: Callable[[float, int], None], scoring: Scoring
) -> Summary:
    """Answer every ticket of a backlog as `score` does, without a store.

    Raises:
        InputError: when the input or output file is unusable as a whole, or Ray stops.
        JobError: when the job is broken off; what it has done is kept, for either engine.
    """
    refuse_inputs(out, work.sources.holds)
    digests = {source.name: source.digest for source in work.sources.files}
    identity = identity_of(digests, work.router, work.now, scoring)
    with Job(out, identity, source=scoring.source, resume=scoring.resume) as job:
        if job.whole:
            job.finish()
        else:
            with closing(ray_chunks(work, job.codec, job.records)) as chunks:
                commit_all(job, chunks, progress)
    return job.summary


def ray_chunks(work: RayJob, codec: Codec[Recommendation], skip: int) -> Chunks:
    """Yield all but the first ``skip`` records of a backlog, answered, in order.

    Joins the cluster that RAY_ADDRESS names, else starts one on this machine.

    Raises:
        InputError: when a file is unusable as a whole, or Ray stops.
    """
    import ray
    import ray.data
    import ray.exceptions
    from ray.data.exceptions import ExecutionTimeoutError

    try:
        workers = _join(work.workers)
        files = list(unread(work.sources, skip))
        reading = files, work.sources.mapping, work.sources.folder
        told = Told.of(work.router, work.now, codec)
        answered = (
            ray.data.range(len(files), override_num_blocks=len(files))
            .map_batches(read, batch_size=1, fn_args=reading, num_cpus=_READING_CPUS)
            .map_batches(
                Actor,
                batch_size=1,
                fn_constructor_args=(told, _put(work.bundle)),
                num_cpus=1,
                compute=ray.data.ActorPoolStrategy(size=workers),
            )
        )
        for row in answered.iter_rows():
            if row["problem"]:
                raise InputError(row["problem"])
            yield row["found"]
    except (ray.exceptions.RayError, ExecutionTimeoutError) as error:
        # What it says may be long and hold what a worker was working on.
        raise InputError(
            f"Ray stopped ({type(error).__name__}): see that its machines are up and have memory "
            "left; its logs say more"
        ) from None
    finally:
        ray.shutdown()


def _join(workers: int | None) -> int:
    """Join or start a cluster and return how many actors answer there."""
    import ray

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address := os.environ.get("RAY_ADDRESS"):
        try:
            ray.init(address, logging_level=logging.ERROR, log_to_driver=False)
        except ConnectionError:
            raise InputError(
                f"expected a Ray cluster at RAY_ADDRESS={address}; found none that lets this user "
                "in: see that it is up, and that RAY_AUTH_MODE and its token are set as there"
            ) from None
        cpus = int(ray.cluster_resources().get("CPU", 1))
    else:
        cpus = max(2, workers + 1 if workers else os.cpu_count() or 1)
        ray.init(
            "local",
            num_cpus=cpus,
            include_dashboard=False,
            logging_level=logging.ERROR,
            log_to_driver=False,
        )
    _set_up()
    # One processor is left for reading.
    return workers or max(1, cpus - 1)


def _set_up() -> None:
    """Have Ray Data keep the order, in small blocks, and not talk beside the progress shown."""
    from ray.data import DataContext

    context = DataContext.get_current()
    context.execution_options.preserve_order = True
    context.target_max_block_size = _BLOCK_BYTES
    context.enable_progress_bars = False
    for handler in logging.getLogger("ray.data").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setLevel(logging.ERROR)


def _put(bundle: Path | None) -> "ObjectRef | None":
    """Put the model's files where every actor finds them: no machine looks an alias up."""
    import ray

    return None if bundle is None else ray.put(files_of(bundle))


def files_of(bundle: Path) -> Files:
    """Return the files of a model's folder by name."""
    return {path.name: path.read_bytes() for path in bundle.iterdir() if path.is_file()}


def loaded(files: Files) -> Predictor:
    """Return the model whose files these are."""
    with tempfile.TemporaryDirectory(prefix="tierline-bundle-") as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        return Predictor.load(Path(folder), threads=1)


class Unread(NamedTuple):
    """A file, how many of its records are done, and where its share of the whole starts."""

    source: Source
    done: int
    start: float
    share: float


def unread(sources: Sources, skip: int) -> Iterator[Unread]:
    """Yield the files; the first ``skip`` of all their records are done."""
    sizes = [max(source.size, 1) for source in sources.files]
    total, before = sum(sizes), 0
    for source, size in zip(sources.files, sizes, strict=True):
        done = _count(source, sources.mapping, skip) if skip else 0
        skip -= done
        yield Unread(source, done, before / total, size / total)
        before += size


def _count(source: Source, mapping: Mapping[str, str], most: int) -> int:
    """Count a file's records, up to ``most``."""
    with source.opened(mapping) as file:
        return sum(1 for _ in zip(range(most), file, strict=False))


def read(
    batch: Mapping[str, Any], files: Sequence[Unread], mapping: Mapping[str, str], folder: bool
) -> Iterator[Batch]:
    """Yield a file's stretches, and what is wrong with it as its last: a task of the cluster."""
    ((number,),) = batch.values()
    source, done, start, share = files[number]
    try:
        with source.opened(mapping) as file:
            backlog = Backlog({source.name: file}, Path() if folder else None)
            for stretch in backlog.stretches(done):
                yield _row(replace(stretch, share=start + share * stretch.share))
    except Exception as error:
        yield _row(None, _problem(error))


@dataclass(frozen=True)
class Told:
    """What an actor is told: by what it answers, and whose code and rules those are."""

    policy: Policy
    what_if: bool
    now: datetime
    codec: Codec[Recommendation]
    versions: Versions

    @classmethod
    def of(cls, router: Router, now: datetime, codec: Codec[Recommendation]) -> "Told":
        """Return what makes actors answer as a router here would."""
        return cls(router.policy, router.what_if, now, codec, _versions(router.policy))


def _versions(policy: Policy) -> Versions:
    """Return the code and the libraries that answers depend on, as they are on this machine."""
    return backlog_version(), libraries(policy.calendars)


class Actor:
    """Holds one predictor and answers stretches."""

    def __init__(self, told: Told, bundle: "ObjectRef | None") -> None:
        self.same = _versions(told.policy) == told.versions
        router = Router(told.policy, None if bundle is None else loaded(_got(bundle)))
        router.what_if = told.what_if
        self.answering = Answering(router, told.now, told.codec)

    def __call__(self, batch: Batch) -> Batch:
        """Answer one stretch."""
        (stretch,), (problem,) = batch["found"], batch["problem"]
        if not isinstance(stretch, Stretch):
            return _row(None, problem)
        if not self.same:
            return _row(None, "expected the same Tierline on every machine; Ray has another")
        try:
            return _row(self.answering(stretch))
        except Exception as error:
            return _row(None, _problem(error))


def _got(bundle: "ObjectRef") -> Files:
    import ray

    files: Files = ray.get(bundle)
    return files


def _problem(error: Exception) -> str:
    """Return what to say of an error; those that aren't our own may quote a ticket."""
    if isinstance(error, TierlineError):
        return str(error)
    return f"tickets can't be read or answered: an error of ours ({type(error).__name__})"


def _row(found: Stretch | Chunk | None, problem: str = "") -> Batch:
    cell = np.empty(1, dtype=object)
    cell[0] = found
    return {"found": cell, "problem": np.array([problem], dtype=object)}
