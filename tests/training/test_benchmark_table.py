"""The benchmark's table: spreads, time to the same score, what failed, and what is kept."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tierline.data import Ticket
from tierline.data.rows import Row
from tierline.training.benchmark.about import about
from tierline.training.benchmark.outcome import Job, Outcome, Results
from tierline.training.benchmark.scores import score
from tierline.training.benchmark.sets import BenchmarkSet
from tierline.training.benchmark.summary import Line, Spread, summarise
from tierline.training.benchmark.table import columns, markdown, problems, rich_table, write
from tierline.training.targets import HeadLabels

HEADLINES = {"bank": "accuracy"}


def job(method: str, seed: int = 1, **more: Any) -> Job:
    fixed: dict[str, Any] = {"path": "bank.csv", "digest": "d", "mapping": {}, "limit": None}
    fixed |= {"name": "bank", "encoder": "e", "setfit_steps": 9}
    return Job(method=method, seed=seed, **(fixed | more))


def outcome(method: str, seed: int, value: float, **more: Any) -> Outcome:
    figures = {"issue_type": {"macro_f1": value, "accuracy": value + 0.01}}
    fixed: dict[str, Any] = {"status": "ok", "figures": figures, "parts": f"p{seed}"}
    fixed |= {"seconds": 10.0 * seed, "cpu_seconds": 20.0 * seed, "peak_mebibytes": 1000}
    fixed |= {"rows": {"train": 90, "validation": 10, "test": 30}, "unseen": {"issue_type": seed}}
    return Outcome(job=job(method, seed), **(fixed | more))


MEASURED = (
    outcome("tierline", 1, 0.9, curve=[(1, 2, 0.5), (2, 4, 0.8), (3, 6, 0.9)]),
    outcome("trainer", 1, 0.8, curve=[(5, 10, 0.6), (9, 18, 0.7), (10, 20, 0.65)]),
    outcome("tierline", 2, 0.94, curve=[(1, 2, 0.6), (4, 8, 0.9)]),
    outcome("trainer", 2, 0.86, curve=[(8, 16, 0.6)]),
    Outcome(job=job("setfit", 1), status="missing", reason="needs setfit: pip install 'x[bench]'"),
    outcome("setfit", 2, 0.7, notes={"issue_type steps": "9 of 1,000"}),
    Outcome(job=job("tfidf", 1), status="failed", reason="gone | wrong"),
    Outcome(job=job("tfidf", 2), status="failed", reason="gone | wrong"),
)


def lines(**more: Any) -> dict[str, Line]:
    return {line.method: line for line in summarise(MEASURED, HEADLINES, **more)}


def test_figures_are_means_with_their_spread() -> None:
    found = lines()
    spread = found["tierline"].figures["macro_f1"]
    assert (spread.mean, spread.low, spread.high, spread.count) == pytest.approx(
        (0.92, 0.9, 0.94, 2)
    )
    assert found["tierline"].costs["seconds"] == Spread(15, 10, 20, 2)
    assert found["tierline"].problems == ()
    assert found["setfit"].figures["macro_f1"].count == 1
    assert found["setfit"].problems == ("seed 1: needs setfit: pip install 'x[bench]'",)
    assert (found["tfidf"].figures, found["tfidf"].costs, found["tfidf"].head) == ({}, {}, "")


def test_the_score_to_reach_is_the_lowest_best_of_each_seed() -> None:
    found = lines()  # 0.7 for the first seed, 0.6 for the second
    assert found["tierline"].reached == Spread(1.5, 1, 2, 2)
    assert found["tierline"].cpu_reached == Spread(3, 2, 4, 2)
    assert found["trainer"].reached == Spread(8.5, 8, 9, 2)
    assert found["setfit"].reached is None


def test_a_score_that_the_user_names_may_not_be_reached() -> None:
    found = lines(reach=0.85)
    assert found["tierline"].reached == Spread(3.5, 3, 4, 2)
    assert found["trainer"].reached is None
    assert "not reached, best 0.650 (0.600–0.700)" in table(reach=0.85)
    assert "| 9, 1 not reached |" in table(reach=0.65)


def test_differences_are_paired_by_seed_in_the_headline_figure() -> None:
    found = lines(against="trainer")
    less = found["tierline"].less
    assert less is not None
    assert (less.mean, less.low, less.high) == pytest.approx((0.09, 0.08, 0.1))
    assert found["trainer"].less is None
    assert found["setfit"].less is not None
    assert found["setfit"].less.count == 1
    assert "+0.090 (+0.080–+0.100)" in table(against="trainer")


@pytest.mark.parametrize(
    ("spread", "shown"),
    [
        (Spread(0.5, 0.25, 0.75, 2), "0.500 (0.250–0.750)"),
        (Spread(0.5, 0.5, 0.5, 1), "0.500"),
    ],
)
def test_a_spread_is_shown_only_of_several_seeds(spread: Spread, shown: str) -> None:
    assert spread.shown() == shown
    assert Spread(12345.6, 9, 99, 1).shown(0) == "12,346"
    assert Spread.of([]) is None


def table(reach: float | None = None, against: str | None = None) -> str:
    found = summarise(MEASURED, HEADLINES, reach, against)
    return markdown(found, HEADLINES, against, {"command": "tierline benchmark x"})


def test_markdown_has_whole_rows_and_the_headline_in_bold() -> None:
    said = table()
    rows = [line for line in said.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 4
    assert {row.replace("\\|", "").count("|") for row in rows} == {10}
    assert (
        "| bank | tierline | 0.920 (0.900–0.940) | **0.930 (0.910–0.950)** | 15 (10–20) |" in said
    )
    assert "| bank | setfit (1 of 2 seeds) | 0.700 |" in said
    assert "- bank, tfidf, seed 2: gone \\| wrong" in said
    assert "- command: `tierline benchmark x`" in said
    assert "**Seconds**" not in said


def test_the_terminal_s_table_is_the_same() -> None:
    found = summarise(MEASURED, HEADLINES)
    shown = rich_table(found, HEADLINES, None)
    assert [str(c.header) for c in shown.columns] == list(columns(found, None))
    console = Console(width=200, file=StringIO(), record=True)
    console.print(shown)
    assert "0.930 (0.910–0.950)" in console.export_text()
    assert len(problems(found)) == 3


def test_what_is_written(tmp_path: Path) -> None:
    found = summarise(MEASURED, HEADLINES)
    text, data = write(tmp_path, found, HEADLINES, None, {"seeds": "1, 2"})
    content = json.loads(data.read_text())
    assert content["about"] == {"seeds": "1, 2"}
    (first, *_) = content["lines"]
    assert first["accuracy"] == pytest.approx({"mean": 0.93, "low": 0.91, "high": 0.95, "count": 2})
    assert first["seconds_to_score"]["mean"] == 1.5
    assert "- seeds: 1, 2" in text.read_text()


def test_what_a_table_says_of_itself() -> None:
    rows = (Row(1, Ticket(body="a"), {"issue_type": "x"}, {"split": "test"}),)
    given = BenchmarkSet("bank", Path("bank.csv"), {}, "accuracy", "d", rows, 3)
    facts = about("tierline benchmark", [given], MEASURED, None)
    assert facts["seeds"] == "1, 2"
    assert facts["rows of bank"] == (
        "90 train, 10 validation, 30 test, split by its own column, 3 unusable, quarantined, "
        "1 to 2 test rows with a label of issue_type that no train row has"
    )
    assert facts["score to reach on bank"] == "0.650 (0.600–0.700)"
    assert facts["SetFit's steps on bank"] == "9 of 1,000"
    assert "not the same rows" not in facts
    other = outcome("frozen", 1, 0.5, parts="others", environment={"torch": "2"})
    facts = about("x", [given], [*MEASURED, other], None)
    assert facts["not the same rows"].startswith("the methods saw different parts of bank, seed 1")
    assert facts["torch"] == "2"


def test_results_are_kept_and_half_a_line_is_not_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.jsonl"
    first, failed = MEASURED[0], MEASURED[6]
    results = Results(path)
    results.add(first)
    results.add(failed)
    with path.open("a") as file:
        file.write(outcome("frozen", 1, 0.5).model_dump_json()[:-20])
    again = Results(path)
    assert again.done(first.job) == first
    assert again.done(failed.job) is None
    assert again.done(job("frozen")) is None
    again.add(outcome("frozen", 1, 0.5))
    assert Results(path).done(job("frozen")) is not None


def test_results_with_a_line_end_that_is_none_of_json_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    kept = MEASURED[0].model_copy(update={"notes": {"says": "one\u2028two\u0085three"}})
    Results(path).add(kept)
    assert Results(path).done(kept.job) == kept


def test_a_cell_is_known_by_all_that_decides_it() -> None:
    assert job("tfidf").key == job("tfidf", path="elsewhere", encoder="f", setfit_steps=1).key
    assert job("trainer").key == job("trainer", setfit_steps=1).key
    changes: dict[str, dict[str, Any]] = {
        "tfidf": {"seed": 2},
        "frozen": {"encoder": "f"},
        "setfit": {"setfit_steps": 1},
        "trainer": {"limit": 5},
        "tierline": {"digest": "other"},
    }
    for method, change in changes.items():
        assert job(method).key != job(method, **change).key


def test_unseen_labels_are_errors_and_unlabelled_rows_are_left_out() -> None:
    def row(label: str | None) -> Row:
        return Row(1, Ticket(body="a"), {} if label is None else {"severity": label})

    heads = [HeadLabels("severity", ("1", "2", "10"))]
    train = [row("1"), row("2"), row("10")]
    test = [row("1"), row("10"), row(None), row("3")]
    figures, unseen = score(heads, train, test, {"severity": ["1", "10", "2", "2"]})
    assert unseen == {"severity": 1}
    assert figures["severity"]["accuracy"] == pytest.approx(2 / 3)
    assert figures["severity"]["macro_f1"] == pytest.approx(2 / 3)
    assert figures["severity"]["quadratic_kappa"] > 0.85  # 3 stands beside 2, before 10
    assert score(heads, train, [row(None)], {"severity": ["1"]}) == ({}, {})


def test_severities_without_a_scale_have_no_kappa() -> None:
    rows = [Row(1, Ticket(body="a"), {"severity": name}) for name in ("high", "low", "medium")]
    heads = [HeadLabels("severity", ("high", "low", "medium"))]
    figures, _ = score(heads, rows, rows, {"severity": ["high", "low", "low"]})
    assert set(figures["severity"]) == {"macro_f1", "accuracy"}
