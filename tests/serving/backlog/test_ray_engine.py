"""The Ray engine reads, answers and resumes as the local one does; here without Ray.

Its tasks and actors are plain code, so all but Ray itself is tested in this process, and what would
travel is pickled. `test_real_ray` has a local Ray run the whole.
"""

import json
import pickle
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import fs
from typer.testing import CliRunner

from tierline.data.columns import parse_map
from tierline.data.errors import InputError, JobError
from tierline.data.helpdesk import Format, export_map
from tierline.models.runtime import Predictor
from tierline.serving.backlog import inputs, ray_engine, sources
from tierline.serving.backlog.inputs import Backlog
from tierline.serving.backlog.job_state import unfinished
from tierline.serving.backlog.ray_engine import (
    Actor,
    RayJob,
    Told,
    files_of,
    loaded,
    read,
    score_on_ray,
    unread,
)
from tierline.serving.backlog.scoring import Scoring, quarantine_path, score
from tierline.serving.backlog.sources import Sources
from tierline.serving.backlog.summary import Chunk, Summary
from tierline.serving.backlog.tables import Codec
from tierline.serving.commands import app
from tierline.serving.routing import router as routing
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Router
from tierline.training.pipeline import Trained

from ..fakes import BREACH, CALM, NOW, POLICY, asked_once, broken_by
from ..nasty import NASTY_JSON
from .test_nasty import BODIES, REFUSED, WRITERS

ROUTER = Router(POLICY)
BEGUN, RESUMED = Scoring(), Scoring(resume=True)
NO_PAIRS: Mapping[str, str] = {}


@pytest.fixture(autouse=True)
def _small_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "_MAX_RECORDS", 4)


@pytest.fixture(autouse=True)
def _no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tierline.serving.commands.scoring.need_ray", lambda: None)
    without_cluster(monkeypatch)


def without_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Ray's tasks and actors work in this process."""
    monkeypatch.setattr(ray_engine, "ray_chunks", in_process)
    monkeypatch.setattr(ray_engine, "_got", lambda put: put)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "backlog"
    (found / "b").mkdir(parents=True)
    for name, rows in {"a.jsonl": 9, "b/1 #%41.jsonl": 3, "c.jsonl": 10}.items():
        write(found / name, rows)
    for name in ("_SUCCESS", ".a.crc", "notes.txt"):
        (found / name).write_text("no tickets")
    return found


def write(path: Path, rows: int) -> None:
    lines = [
        {"body": BREACH if i % 3 == 0 else CALM, "attempts": -1 if i % 4 == 2 else 1}
        for i in range(rows)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def sent(thing: Any) -> Any:
    """What arrives at another process."""
    return pickle.loads(pickle.dumps(thing))  # noqa: S301


def in_process(work: RayJob, codec: Codec[Recommendation], skip: int) -> Iterator[Chunk]:
    """What the cluster does, without a cluster."""
    put: Any = None if work.bundle is None else sent(files_of(work.bundle))
    actor = Actor(sent(Told.of(work.router, work.now, codec)), put)
    files, mapping = sent(list(unread(work.sources, skip))), sent(work.sources.mapping)
    for number in range(len(files)):
        numbers = {"id": np.array([number])}
        for stretch in read(numbers, files, mapping, work.sources.folder):
            row = sent(actor(sent(stretch)))
            if row["problem"][0]:
                raise InputError(row["problem"][0])
            yield row["found"][0]


def on_ray(
    place: str,
    out: Path,
    scoring: Scoring = BEGUN,
    mapping: Mapping[str, str] = NO_PAIRS,
    progress: Callable[[float, int], None] = lambda *_: None,
) -> Summary:
    work = RayJob(Sources.of(place, mapping), ROUTER, None, NOW)
    return score_on_ray(work, out, progress, scoring)


def locally(
    place: Path, out: Path, scoring: Scoring = BEGUN, mapping: Mapping[str, str] = NO_PAIRS
) -> Summary:
    backlog = Backlog.of(place, mapping)
    return score(backlog, out, ROUTER, NOW, lambda *_: None, None, scoring)


def written(out: Path) -> tuple[bytes, bytes]:
    return out.read_bytes(), quarantine_path(out).read_bytes()


def url_of(path: Path) -> str:
    return path.as_uri()


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("placed", [str, url_of])
@pytest.mark.parametrize("name", ["", "a.jsonl"])
def test_the_same_bytes_as_the_local_engine(
    tmp_path: Path, folder: Path, suffix: str, placed: Callable[[Path], str], name: str
) -> None:
    local, ray = tmp_path / f"local{suffix}", tmp_path / f"ray{suffix}"
    heard: list[float] = []
    made = locally(folder / name, local)
    told = on_ray(placed(folder / name), ray, progress=lambda share, _: heard.append(share))
    assert written(ray) == written(local)
    assert told == made
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(1)


@pytest.mark.parametrize("placed", [str, url_of])
def test_the_same_files(folder: Path, placed: Callable[[Path], str]) -> None:
    found, wanted = Sources.of(placed(folder), {}), Backlog.of(folder, {})
    assert [source.name for source in found.files] == list(wanted.files)
    assert found.left_out == wanted.left_out == ["notes.txt"]


@pytest.mark.parametrize("placed", [str, url_of])
def test_a_help_desks_export(tmp_path: Path, placed: Callable[[Path], str]) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    issue = {"key": "A-1", "fields": {"summary": "Login", "description": BREACH}}
    (folder / "issues.json").write_text(json.dumps({"issues": [issue]}))
    (folder / "old.parquet").write_bytes(b"no export")
    mapping = export_map(parse_map(None), Format.JIRA)
    local, ray = tmp_path / "local.jsonl", tmp_path / "ray.jsonl"
    locally(folder, local, mapping=mapping)
    on_ray(placed(folder), ray, mapping=mapping)
    assert json.loads(ray.read_text())["id"] == "A-1"
    assert ray.read_bytes() == local.read_bytes()


def stop(_: float, count: int) -> None:
    if count > 7:
        raise KeyboardInterrupt


def test_one_engine_goes_on_where_the_other_stopped(tmp_path: Path, folder: Path) -> None:
    whole, mine, theirs = (tmp_path / f"{name}.csv" for name in ("whole", "mine", "theirs"))
    locally(folder, whole)
    with pytest.raises(KeyboardInterrupt):
        score(Backlog.of(folder, {}), mine, ROUTER, NOW, stop)
    with pytest.raises(KeyboardInterrupt):
        on_ray(str(folder), theirs, progress=stop)
    kept = unfinished(theirs)
    assert kept is not None
    assert 0 < kept.done.records < 22
    on_ray(str(folder), mine, RESUMED)
    locally(folder, theirs, RESUMED)
    assert written(mine) == written(theirs) == written(whole)


def test_a_job_of_which_only_the_files_are_to_be_made(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, out = tmp_path / "whole.csv", tmp_path / "out.csv"
    locally(folder, whole)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Codec, "finish", lambda *_: stop(1, 8))
        on_ray(str(folder), out)
    monkeypatch.setattr(ray_engine, "ray_chunks", lambda *_: pytest.fail("nothing is left"))
    on_ray(str(folder), out, RESUMED)
    assert written(out) == written(whole)


@pytest.mark.parametrize("placed", [str, url_of])
def test_a_broken_file_can_be_put_right(
    tmp_path: Path, folder: Path, placed: Callable[[Path], str]
) -> None:
    whole, out = tmp_path / "whole.csv", tmp_path / "out.csv"
    locally(folder, whole)
    good = (folder / "c.jsonl").read_bytes()
    (folder / "c.jsonl").write_text('{"words": "x"}\n')
    with pytest.raises(JobError, match=r"expected a column 'body'.*12 rows are done and kept"):
        on_ray(placed(folder), out)
    (folder / "c.jsonl").write_bytes(good)
    on_ray(placed(folder), out, RESUMED)
    assert written(out) == written(whole)
    (folder / "a.jsonl").write_text('{"words": "x"}\n')
    with pytest.raises(InputError, match="expected a column 'body'"):
        on_ray(placed(folder), out)


def test_an_object_that_was_changed(tmp_path: Path, folder: Path) -> None:
    out = tmp_path / "out.csv"
    with pytest.raises(KeyboardInterrupt):
        on_ray(url_of(folder), out, progress=stop)
    write(folder / "a.jsonl", 8)
    with pytest.raises(InputError, match=r"a\.jsonl isn't the file that it was"):
        on_ray(url_of(folder), out, RESUMED)


def test_a_row_that_breaks_the_rules_is_put_aside_alone(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "recommend", broken_by(BREACH))
    local, ray = tmp_path / "local.csv", tmp_path / "ray.csv"
    locally(folder, local)
    on_ray(str(folder), ray)
    assert written(ray) == written(local)


def test_nasty_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # whole stretches: the files are large
    without_cluster(monkeypatch)
    monkeypatch.setattr(routing, "recommend", asked_once)
    folder = tmp_path / "nasty"
    folder.mkdir()
    for suffix, write_nasty in WRITERS.items():
        write_nasty(folder / f"in{suffix}")
    (folder / "lines.jsonl").write_bytes(b'{"body": "x"}\n' + b"\n".join(NASTY_JSON))
    local, ray = tmp_path / "local.jsonl", tmp_path / "ray.jsonl"
    told = on_ray(str(folder), ray)
    assert told == locally(folder, local)
    assert written(ray) == written(local)
    assert told.answered + told.quarantined == 3 * len(BODIES) + 1 + len(NASTY_JSON)
    answers = [json.loads(line) for line in ray.read_text(encoding="utf-8").splitlines()]
    breaches = [answer for answer in answers if answer["id"].endswith("+breach")]
    assert len(breaches) == 3 * sum(name.endswith("+breach") for name in BODIES.keys() - REFUSED)
    assert {answer["tier"] for answer in breaches} == {3}


def test_an_error_that_every_row_meets(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "recommend", broken_by(""))
    with pytest.raises(InputError, match=r"an error of ours \(RuntimeError\)$"):
        on_ray(str(folder), tmp_path / "out.csv")
    assert sorted(p.name for p in tmp_path.iterdir()) == [folder.name]


def test_a_machine_with_another_tierline(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = iter(["code-here", "code-there"])
    monkeypatch.setattr(ray_engine, "backlog_version", lambda: next(versions))
    with pytest.raises(InputError, match="the same Tierline on every machine"):
        on_ray(str(folder), tmp_path / "out.csv")


def test_a_model_travels_by_its_files(trained: Trained, predictor: Predictor) -> None:
    other = loaded(sent(files_of(trained.out)))
    assert other.version == predictor.version
    other.close()


@pytest.mark.parametrize("placed", [str, url_of])
def test_answers_are_never_written_over_tickets(
    folder: Path, placed: Callable[[Path], str]
) -> None:
    for place, out in ((folder, folder / "b" / "out.csv"), (folder / "a.jsonl",) * 2):
        with pytest.raises(InputError, match="another file than the tickets"):
            on_ray(placed(place), out)


def test_places_where_no_tickets_are(tmp_path: Path) -> None:
    for place, said in {
        url_of(tmp_path): "found none",
        url_of(tmp_path / "none.csv"): "found none",
        str(tmp_path / "none.csv"): "found none",
        "nowhere://me:secret@x/y": "://x/y can't be read",
    }.items():
        with pytest.raises(InputError, match=said) as refused:
            Sources.of(place, {})
        assert "secret" not in str(refused.value)


def test_an_object_that_is_gone(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = Sources.of(url_of(folder), {})
    (folder / "c.jsonl").unlink()
    monkeypatch.setattr(Sources, "of", lambda *_: listed)
    with pytest.raises(JobError, match=r"can't be read: .*12 rows are done"):
        on_ray(url_of(folder), tmp_path / "out.csv")


def test_a_store_of_no_machine_holds_no_answers(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = fs.SubTreeFileSystem(str(folder.parent), fs.LocalFileSystem()), folder.name
    monkeypatch.setattr(sources, "store_of", lambda _: store)
    found = Sources.of("bucket://x/backlog", {})
    assert [source.name for source in found.files] == list(Backlog.of(folder, {}).files)
    assert not found.holds(folder / "out.csv")
    with found.files[1].opened({}) as file:
        assert sum(1 for _ in file) == 3


runner = CliRunner()


def command(*arguments: object) -> str:
    return runner.invoke(app, ["score", *map(str, arguments)], catch_exceptions=False).output


def test_the_command(tmp_path: Path, folder: Path) -> None:
    out, local = tmp_path / "out.csv", tmp_path / "local.csv"
    options = "--rules-only", "--now", "2026-03-02T16:00Z"
    command(folder, "--out", local, *options)
    shown = command(folder, "--out", out, *options, "--engine", "ray", "--workers", "2")
    assert "tickets answered in" in shown
    assert written(out) == written(local)


def test_an_alias_is_looked_up_once(
    tmp_path: Path, folder: Path, store: None, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    MlflowClient().set_registered_model_alias("tierline", "ray", trained.version)
    asked: list[str] = []
    look_up = MlflowClient.get_model_version_by_alias

    def counted(self: MlflowClient, name: str, alias: str) -> Any:
        asked.append(alias)
        return look_up(self, name, alias)

    monkeypatch.setattr(MlflowClient, "get_model_version_by_alias", counted)
    begun: list[RayJob] = []

    def seen(work: RayJob, codec: Codec[Recommendation], skip: int) -> Iterator[Chunk]:
        begun.append(work)
        return in_process(work, codec, skip)

    monkeypatch.setattr(ray_engine, "ray_chunks", seen)
    model = "--model", "models:/tierline@ray"
    command(folder, "--out", tmp_path / "out.csv", *model, "--engine", "ray")
    (work,) = begun
    assert asked == ["ray"]
    assert work.bundle is not None
    assert files_of(work.bundle) == files_of(trained.out)


def test_what_does_not_go_together(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.csv"
    ray = "--engine", "ray"
    for arguments, said in (
        ((folder, *ray, "--store", "sqlite:///x.db"), "--store or --engine ray; found both"),
        ((url_of(folder),), "--engine ray for a URL"),
        ((folder, "--workers", "2", "--store", "sqlite:///store.db"), "--workers 1 with --store"),
    ):
        with pytest.raises(InputError, match=said):
            command(*arguments, "--out", out, "--rules-only")
    monkeypatch.undo()
    monkeypatch.setattr(ray_engine, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"pip install 'tierline\[ray\]'"):
        command(folder, *ray, "--out", out, "--rules-only")
