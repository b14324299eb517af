"""The command ``tierline benchmark``, end to end, on a small set with everything odd in it."""

import json
import sys
import warnings
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from tierline.data import InputError
from tierline.data.corpus import read_rows
from tierline.data.digest import sha256
from tierline.data.quarantine import Quarantine
from tierline.models.encoder import load_pretrained
from tierline.training import cli
from tierline.training.benchmark import cells, child, watch
from tierline.training.benchmark.method_frozen import embed
from tierline.training.benchmark.outcome import Job, Outcome
from tierline.training.benchmark.sets import read_set
from tierline.training.benchmark.watch import Stopwatch
from tierline.training.commands import measure

Ran = tuple[int, str, str]


def odd_rows(tickets: Path) -> list[dict[str, Any]]:
    """An official split, own severities, missing labels, one class of one row, one only tested."""
    rows: list[dict[str, Any]] = [json.loads(line) for line in tickets.read_text().splitlines()]
    for i, row in enumerate(rows):
        row["body"] = row["body"].partition("\n")[0]
        row["severity"] = {"P1": "2", "P2": "9", "P3": "10", "P4": "11"}[row["severity"]]
        row["split"] = "test" if i % 5 == 0 else "train"
        if i % 7 == 0:
            del row["severity"]
        del row["sentiment"]
    rows[1]["issue_type"] = "only once"
    rows[5]["issue_type"] = "only tested"
    return [*rows, {"body": "", "issue_type": "bug", "split": "train"}]


def benchmark(*options: object) -> Ran:
    """Run the command as people call it; return its exit code, output and errors."""
    out, err = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr(measure, "console", Console(file=out, width=200))
        for commands in (cli, measure):
            patch.setattr(commands, "errors", Console(file=err, width=200))
        patch.setattr(sys, "argv", ["tierline", "benchmark", *map(str, options)])
        cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tickets: Path) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    (folder / "odd.jsonl").write_text("\n".join(map(json.dumps, odd_rows(tickets))))
    (folder / "no_labels.csv").write_text("body,colour\nhello,red\n")
    (folder / "notes.txt").write_text("not a set")
    return folder


@pytest.fixture(scope="module")
def options(folder: Path, encoder: Path) -> list[object]:
    methods = [o for m in ("tierline", "tfidf", "frozen", "trainer") for o in ("--method", m)]
    fixed = ["--seeds", 1, "--encoder", encoder, "--out", folder / "out"]
    return [folder, *methods, *fixed]


@pytest.fixture(scope="module")
def ran(options: list[object]) -> Ran:
    """The whole command, once; all cells but one in this process, which has torch loaded."""
    in_own = cells.run_cell

    def run_cell(job: Job, progress: Callable[[float], None]) -> Outcome:
        return (in_own if job.method == "tfidf" else child.outcome_of)(job, progress)

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # in a child of its own nobody would hear them
        patch.setattr(cells, "run_cell", run_cell)
        return benchmark(*options, "--against", "tfidf")


@pytest.fixture(scope="module")
def outcomes(ran: Ran, folder: Path) -> dict[str, Outcome]:
    lines = (folder / "out" / "results.jsonl").read_text().splitlines()
    found = [Outcome.model_validate_json(line) for line in lines]
    return {o.job.method: o for o in found}


def test_every_method_is_measured_on_the_same_rows(outcomes: dict[str, Outcome]) -> None:
    assert [*outcomes] == ["tierline", "tfidf", "frozen", "trainer"]
    for outcome in outcomes.values():
        assert (outcome.status, outcome.reason) == ("ok", "")
        assert outcome.figures.keys() == {"severity", "issue_type"}
        assert outcome.rows["test"] == 32
        assert outcome.rows["train"] + outcome.rows["validation"] == 128
        assert outcome.unseen == {"severity": 0, "issue_type": 1}
        assert outcome.seconds > 0 < outcome.cpu_seconds
    assert len({o.parts for o in outcomes.values()}) == 1
    # The one in a process of its own doesn't count the memory of this one.
    assert 50 < outcomes["tfidf"].peak_mebibytes < outcomes["frozen"].peak_mebibytes


def test_the_yardstick_learns_the_set(outcomes: dict[str, Outcome]) -> None:
    figures = outcomes["tfidf"].figures
    assert figures["severity"]["macro_f1"] > 0.8
    assert figures["severity"]["quadratic_kappa"] > 0.8
    assert figures["issue_type"].keys() == {"macro_f1", "accuracy"}
    assert 0.7 < figures["issue_type"]["accuracy"] < 1


def test_only_methods_that_fine_tune_have_a_curve(outcomes: dict[str, Outcome]) -> None:
    for name, outcome in outcomes.items():
        assert bool(outcome.curve) == (name in {"tierline", "trainer"})
        seconds = [s for s, _, _ in outcome.curve]
        assert seconds == sorted(seconds)
        assert all(0 < s <= outcome.seconds + 1e-6 for s in seconds)
        assert all(0 <= score <= 1 for _, _, score in outcome.curve)
    assert len(outcomes["tierline"].curve) == int(outcomes["tierline"].notes["epochs"].split()[0])


def test_what_is_said(ran: Ran, folder: Path) -> None:
    code, out, err = ran
    assert code == 0
    assert "odd · tfidf · seed 1: severity macro-F1" in out
    assert "less tfidf" in out
    assert "command: tierline benchmark" in out
    for fact in ("32 test", "split by its own column", "1 unusable, quarantined", "torch: "):
        assert fact in out
    assert "1 test rows with a label of issue_type that no train row has" in out
    assert "left out: no_labels.csv: expected labelled tickets" in err
    assert "1 rows of odd.jsonl quarantined" in err
    for name in ("odd.quarantine.jsonl", "table.md", "table.json"):
        assert (folder / "out" / name).is_file()
    assert not (folder / "out" / "no_labels.quarantine.jsonl").exists()
    table = (folder / "out" / "table.md").read_text()
    assert "| odd · severity | tierline |" in table
    lines = json.loads((folder / "out" / "table.json").read_text())["lines"]
    assert [(line["head"], line["method"]) for line in lines][:4] == [
        ("severity", m) for m in ("tierline", "tfidf", "frozen", "trainer")
    ]


def test_no_words_of_tickets_are_left_behind(ran: Ran, folder: Path) -> None:
    written = "".join(p.read_text() for p in (folder / "out").iterdir())
    for words in ("whole company", "password reset", "Office"):
        assert words not in written + ran[1] + ran[2]


def test_a_second_run_has_nothing_to_do(
    ran: Ran,
    options: list[object],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cells, "run_cell", None)
    before = (folder / "out" / "results.jsonl").read_text()
    code, out, _ = benchmark(*options)
    assert code == 0
    assert "4 of 4 cells are in" in out
    assert (folder / "out" / "results.jsonl").read_text() == before


def test_a_failing_cell_is_named_and_the_rest_goes_on(
    ran: Ran, options: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """tfidf's cell doesn't use the encoder, so it is kept; the frozen encoder has none to load."""
    monkeypatch.setattr(cells, "run_cell", child.outcome_of)
    folder, out = options[0], options[-1]
    methods = ["--method", "tfidf", "--method", "frozen"]
    given = ["--seeds", 1, "--encoder", tmp_path / "absent", "--out", out]
    code, said, err = benchmark(folder, *methods, *given)
    assert code == 0
    assert "1 of 2 cells are in" in said
    assert "odd · frozen · seed 1: failed: --encoder: expected a hub id or a folder" in said
    assert "no figures: odd, frozen, seed 1: --encoder: expected a hub id" in err
    assert "0 of 1 seeds" in (Path(str(out)) / "table.md").read_text()


def test_fields_that_no_method_looks_at_cost_no_row(tmp_path: Path) -> None:
    path = tmp_path / "named_alike.csv"
    path.write_text(
        "text,type,created,created_at,attempts,customer_tier,id,split\n"
        f"hello,bug,soon,yesterday,many,gold,{'7' * 201},test\n"
    )
    found = read_set(path, {"issue_type": "type", "waited_minutes": "created"}, tmp_path)
    (row,) = found.rows
    assert (row.ticket.body, row.labels, row.extra) == (
        "hello",
        {"issue_type": "bug"},
        {"split": "test"},
    )
    with Quarantine(tmp_path / "again.jsonl") as quarantine:
        assert read_rows([path], found.mapping, quarantine) == [row]


@pytest.fixture
def mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of sets whose columns are called otherwise; no cell is run."""

    def run_cell(job: Job, progress: Callable[[float], None]) -> Outcome:
        return Outcome(job=job, status="ok", figures={"sentiment": {"macro_f1": 0.5}})

    monkeypatch.setattr(cells, "run_cell", run_cell)
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "air.csv").write_text("text,mood\nlate,angry\n")
    lines = [{"text": "x", "sentiment": "calm"}, {"text": "y", "severity": "P1"}]
    (folder / "lines.jsonl").write_text("\n".join(map(json.dumps, lines)))
    later = [{"text": "x", "sentiment": "calm"}, {"text": "y", "mood": "angry"}]
    (folder / "later.jsonl").write_text("\n".join(map(json.dumps, later)))
    pq.write_table(pa.table({"text": ["x"], "sentiment": ["calm"]}), folder / "table.parquet")
    (folder / "none.csv").write_text("text\nhello\n")
    return folder


def test_a_folder_s_file_may_lack_a_column_of_the_mapping(mixed: Path, tmp_path: Path) -> None:
    out = ["--method", "tfidf", "--seeds", 1, "--out", tmp_path / "out"]
    code, said, err = benchmark(mixed, "--map", "sentiment=mood", *out)
    assert code == 0
    for name, count in {"air": 1, "lines": 2, "later": 1, "table": 1}.items():
        assert f"set: {name}, {count} labelled rows" in said
    notes = [line for line in err.splitlines() if line.startswith("--map")]
    assert notes == [
        f"--map of {name}: without sentiment=mood, columns that the file lacks"
        for name in ("lines.jsonl", "table.parquet")
    ]
    assert "left out: none.csv: expected labelled tickets" in err


def test_a_file_named_by_itself_must_have_every_column_of_the_mapping(
    mixed: Path, tmp_path: Path
) -> None:
    given = ["--map", "sentiment=mood", "--out", tmp_path / "out"]
    for arguments in ([mixed / "table.parquet"], [mixed, "--set", "table"]):
        code, _, err = benchmark(*arguments, *given)
        assert code == 1
        assert "--map names columns that the file lacks: mood" in err


def job(path: Path, encoder: Path, method: str, **more: Any) -> Job:
    given: dict[str, Any] = {"mapping": {}, "seed": 1, "limit": None, "setfit_steps": 4}
    return Job(
        name="odd",
        path=path,
        digest=sha256(path),
        method=method,
        encoder=str(encoder),
        **(given | more),
    )


def test_a_killed_process_is_a_failed_cell(
    folder: Path, encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import os, signal\ndef main(job, pipe):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    (tmp_path / "dying_cell.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(cells, "main", __import__("dying_cell").main)
    outcome = cells.run_cell(job(folder / "odd.jsonl", encoder, "tfidf"), lambda _: None)
    assert outcome.status == "failed"
    assert outcome.reason == "the process was ended by SIGKILL: was the memory used up?"


def test_a_missing_library_is_a_cell_of_its_own(
    folder: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "setfit", None)
    outcome = cells.run_cell(job(folder / "odd.jsonl", encoder, "setfit"), lambda _: None)
    assert outcome.status == "missing"
    assert outcome.reason.startswith("needs setfit")
    assert outcome.reason.endswith("pip install 'tierline[bench]'")


@pytest.mark.filterwarnings("ignore")
def test_setfit(folder: Path, encoder: Path) -> None:
    pytest.importorskip("setfit")
    shares: list[float] = []
    given = job(folder / "odd.jsonl", encoder, "setfit", mapping={"severity": "none"})
    outcome = child.run(given, shares.append)
    assert outcome.figures.keys() == {"issue_type"}
    assert outcome.notes["issue_type steps"].startswith("4 of ")
    assert len(outcome.curve) == 4
    assert shares == sorted(shares)


def test_errors_say_what_is_expected(folder: Path, tmp_path: Path) -> None:
    out = ["--out", tmp_path / "out"]
    for arguments, message in {
        (folder, "--method", "magic"): "--method, --against: expected tierline, tfidf",
        (folder, "--against", "magic"): "--method, --against: expected tierline, tfidf",
        (folder, "--method", "tfidf", "--against", "frozen"): "one of the methods run",
        (
            folder,
            "--set",
            "other",
        ): "--set: expected names of files without their ending (no_labels",
        (folder, "--set", "no_labels"): "expected labelled tickets; found no usable row",
        (tmp_path / "absent",): "expected a file or folder of labelled tickets",
        (folder, folder): "expected one file for each set",
    }.items():
        code, _, err = benchmark(*arguments, *out)
        assert code == 1
        assert message in err


def test_a_library_s_error_is_told_without_what_it_quotes(tmp_path: Path) -> None:
    try:
        raise ValueError("could not convert 'my secret words' of anna@example.com\nnext line")
    except ValueError as error:
        said = child.reason_of(error)
    assert said.startswith("ValueError in test_benchmark.py, line ")
    assert said.endswith("could not convert … of [email]")
    try:
        raise InputError("expected 'a'")
    except InputError as error:
        assert child.reason_of(error) == "expected 'a'"


def test_embeddings_do_not_depend_on_company(encoder: Path) -> None:
    model, _ = load_pretrained(str(encoder))
    rng = np.random.default_rng(1)
    ids = [rng.integers(5, 90, size).tolist() for size in (3, 40, 7, 7, 12)]
    together = embed(model, ids, lambda _: None)
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    for i, one in enumerate(ids):
        assert embed(model, [one], lambda _: None)[0] == pytest.approx(together[i], abs=1e-5)


def test_the_clock_leaves_out_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    time = [0.0]
    monkeypatch.setattr(watch, "now", lambda: (time[0], 2 * time[0]))
    clock = Stopwatch(["a", "b"], lambda _: None)
    with clock.training():
        time[0] = 3
        with clock.paused():
            time[0] = 100
            clock.note({"a": 0.4})  # b has no score yet: no mean
        time[0] = 105
        clock.note({"b": 0.6}, more=(2, 1))
    with clock.paused():
        time[0] = 200
    time[0] = 300
    clock.note({"a": 0.8, "b": 1.0})
    assert clock.curve == [(10, 17, 0.5), (8, 16, 0.9)]
    assert (clock.seconds, clock.cpu_seconds) == (8, 16)


def test_memory_is_the_process_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status = tmp_path / "status"
    monkeypatch.setattr(watch, "_STATUS", status)
    by_usage = watch.peak_mebibytes()
    assert 10 < by_usage < 100_000
    status.write_text("Name:\tpython\nVmHWM:\t  2048 kB\nVmRSS:\t 1024 kB\n")
    assert watch.peak_mebibytes() == 2
