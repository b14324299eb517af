"""`tierline drift` from files to words: what is drawn, said, written, and refused."""

import io
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from tests.conftest import ISSUES, PLACES, SENTIMENTS, SEVERITIES, write_rows
from tests.models.test_predictor import without_embedding

from tierline.data.errors import InputError
from tierline.data.quarantine import Quarantine
from tierline.data.readers import TicketFile
from tierline.data.rows import Row
from tierline.models.runtime import Predictor
from tierline.training.drift import command
from tierline.training.drift.answered import answer
from tierline.training.drift.command import DRIFT, DriftJob, run
from tierline.training.drift.sample import Sample, draw
from tierline.training.pipeline import Trained

Rows = list[dict[str, Any]]


def made(count: int, seed: int, severities: tuple[str, ...] = tuple(SEVERITIES)) -> Rows:
    """Return different tickets about the trained matters, of the given severities."""
    rng = random.Random(seed)  # noqa: S311
    rows = []
    for i in range(count):
        severity = SEVERITIES[rng.choice(severities)]
        pieces = [severity, rng.choice([*ISSUES.values()]), rng.choice([*SENTIMENTS.values()])]
        rng.shuffle(pieces)
        rows.append({"body": f"Office {rng.choice(PLACES)} {seed}-{i}: {'. '.join(pieces)}."})
    return rows


class Told:
    """One run of the command: its exit code, and what it printed."""

    def __init__(self, reference: Path, recent: Path, model: str, **options: Any) -> None:
        console, errors = (Console(file=io.StringIO(), width=200) for _ in range(2))
        self.code = run(DriftJob(reference, recent, model, **options), console, errors)
        self.out, self.err = (c.file.getvalue() for c in (console, errors))  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def before(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "before.jsonl", made(150, 1))


def test_like_months_are_no_drift(before: Path, trained: Trained, tmp_path: Path) -> None:
    told = Told(before, write_rows(tmp_path / "now.jsonl", made(140, 2)), str(trained.out))
    assert told.code == 0
    assert "no drift: now.jsonl against before.jsonl" in told.out
    assert "now.jsonl: all 140 different tickets were compared" in told.out
    assert told.out.count("within chance") == 7
    assert "what to do" not in told.out
    assert "a label of 20% that moves by 18.9 points" in told.out
    assert list(tmp_path.glob("*.quarantine.jsonl")) == []


def test_a_fast_stage_leaves_no_ticket_without_its_embedding(
    before: Path, fast_bundle: Path
) -> None:
    predictor = Predictor.load(fast_bundle, threads=2)
    tickets = tuple(row.ticket for row in TicketFile(before) if isinstance(row, Row))
    assert {p.stage for p in predictor.predict(tickets)} == {"ngrams", "encoder"}
    found = answer(
        predictor, [Sample(before.name, tickets, (), len(tickets), len(tickets))], lambda _: None
    ).vectors
    assert found is not None
    assert np.array_equal(found, predictor.embeddings(tickets))
    predictor.close()


def test_other_months_are_drift_in_plain_words(
    before: Path, trained: Trained, tmp_path: Path
) -> None:
    now = write_rows(tmp_path / "now.jsonl", made(150, 2, ("P1", "P2")))
    told = Told(before, now, str(trained.out), out=tmp_path / "drift.json")
    assert told.code == DRIFT == 20
    assert "DRIFT: now.jsonl against before.jsonl" in told.out
    assert "a classifier picks the recent one" in told.out
    assert "- severity: P1 went from " in told.out
    assert "tierline sample-for-labelling" in told.out
    data = json.loads((tmp_path / "drift.json").read_text())
    assert (data["drift"], data["input_by"], data["schema"]) == (True, "embeddings", 1)
    assert data["recent"] == {
        "file": "now.jsonl",
        "usable": 150,
        "different": 150,
        "compared": 150,
    }
    drifted = {(t["kind"], t["head"]) for t in data["tests"] if t["drift"]}
    assert {("input", None), ("labels", "severity")} <= drifted
    assert ("labels", "issue_type") not in drifted
    assert data["changes"][0] in told.out
    # Words of tickets are in the file that was asked for, and not on the terminal.
    assert "hurry" in {w["word"] for w in data["telling_words"]["reference"]}
    assert "hurry" not in told.out


def test_json_is_all_that_standard_output_has(
    before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now = write_rows(tmp_path / "now.jsonl", made(150, 2, ("P1",)))
    told = Told(before, now, "none", as_json=True)
    first = capsys.readouterr().out
    data = json.loads(first)
    assert (told.code, told.out, told.err) == (20, "", "")
    assert (data["model"], data["input_by"]) == (None, "words")
    assert [t["kind"] for t in data["tests"]] == ["input"]
    assert "telling_words" not in data
    Told(before, now, "none", as_json=True)
    assert capsys.readouterr().out == first


def test_a_bundle_that_gives_no_embedding_falls_back_on_words(
    before: Path, trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Predictor(without_embedding(trained.out, tmp_path), threads=1)
    monkeypatch.setattr(command, "load_predictor", lambda model: old)
    now = write_rows(tmp_path / "now.jsonl", made(150, 2, ("P1", "P2")))
    told = Told(before, now, "old")
    assert told.code == DRIFT
    assert "compared by their words: the bundle is too old to embed them" in told.out
    assert "- severity: P1 went from " in told.out


def drawn(path: Path, most: int = 500, seed: int = 0) -> Sample:
    with Quarantine(path.with_suffix(".quarantine")) as quarantine:
        return draw(TicketFile(path), most, seed, quarantine)


def test_a_draw_is_bounded_seeded_and_blind_to_order(tmp_path: Path) -> None:
    rows = made(400, 3)
    one = drawn(write_rows(tmp_path / "a.jsonl", rows), most=120)
    assert (one.size, one.usable, one.different) == (120, 400, 400)
    turned = drawn(write_rows(tmp_path / "b.jsonl", rows[::-1]), most=120)
    bodies = {t.body for t in one.tickets}
    assert {t.body for t in turned.tickets} == bodies
    assert one.keys == turned.keys
    other = drawn(tmp_path / "a.jsonl", most=120, seed=1)
    assert 10 < len({t.body for t in other.tickets} & bodies) < 70
    early = sum(row["body"] in bodies for row in rows[:200])
    assert 40 < early < 80


def test_near_duplicates_count_once(tmp_path: Path) -> None:
    alarm = "ALERT: the disk of the database server in the second rack of the hall is nearly full"
    burst = [{"body": f"{alarm}, {i}% are left"} for i in range(300)]
    sample = drawn(write_rows(tmp_path / "a.jsonl", [*burst, *made(150, 3)]))
    assert (sample.usable, sample.different, sample.size) == (450, 151, 151)
    assert sum(alarm in t.body for t in sample.tickets) == 1
    assert sample.repeats == pytest.approx(299 / 450)


def test_a_burst_of_one_alarm_is_no_drift_but_is_told(before: Path, tmp_path: Path) -> None:
    alarm = "ALERT: the disk of the database server in the second rack of the hall is nearly full"
    burst = [{"body": f"{alarm}, {i}% are left"} for i in range(300)]
    now = write_rows(tmp_path / "now.jsonl", [*made(150, 2), *burst])
    told = Told(before, now, "none")
    assert told.code == 0
    assert "0.0% of the reference's rows and 66.4% of the recent ones" in told.out
    assert "a label" not in told.out  # none was given: there is no model


def test_unusable_rows_are_quarantined_without_their_words(before: Path, tmp_path: Path) -> None:
    poison: Rows = [{"body": "hunter2 is my password", "attempts": -1}, {"body": "  "}]
    now = write_rows(tmp_path / "now.jsonl", [*poison, *made(150, 2)])
    with now.open("ab") as file:
        file.write(b'{"body": "hunter2 \xff"}\n[]\n')
    told = Told(before, now, "none")
    assert told.code == 0
    assert "now.jsonl: all 150 different tickets were compared" in told.out
    assert f"4 rows quarantined, with reasons: {now}.quarantine.jsonl" in told.err
    kept = (tmp_path / "now.jsonl.quarantine.jsonl").read_text()
    assert kept.count("\n") == 4
    assert "hunter2" not in kept + told.out + told.err


@pytest.mark.parametrize("out", [None, Path("figures[x]/drift.json")])
def test_bad_rows_are_told_of_beside_the_figures_or_the_file(
    before: Path, tmp_path: Path, out: Path | None
) -> None:
    for name in ("months[x]", "figures[x]"):
        (tmp_path / name).mkdir()
    other = tmp_path / "now[x].jsonl.quarantine.jsonl"
    other.write_text("of another command")
    now = write_rows(tmp_path / "months[x]" / "now[x].jsonl", [{"body": "  "}, *made(150, 2)])
    told = Told(before, now, "none", out=out)
    place = Path(f"{out or now}.quarantine.jsonl")
    assert f"1 rows quarantined, with reasons: {place}" in told.err
    assert (f"mark each file: {out}" in told.out) == (out is not None)
    assert f"reading {now.name} …" in told.out
    assert place.read_text().count("\n") == 1
    assert other.read_text() == "of another command"


@pytest.mark.parametrize("count", [0, 99])
def test_too_few_tickets_are_refused_with_the_number_needed(
    before: Path, tmp_path: Path, count: int
) -> None:
    few = write_rows(tmp_path / "few.jsonl", made(count, 2) * 2)
    message = rf"at least 100 different tickets in few\.jsonl; found {count} in {2 * count} usable"
    for pair in ((before, few), (few, before)):
        with pytest.raises(InputError, match=message):
            Told(*pair, "none")


def test_odd_files_are_refused_before_any_work(before: Path, tmp_path: Path) -> None:
    for out in (tmp_path / "drift.txt", tmp_path / "absent" / "drift.json"):
        with pytest.raises(InputError, match=r"--out: expected a file name that ends in \.json"):
            Told(before, before, "none", out=out)
    with pytest.raises(InputError, match="found none at"):
        Told(before, tmp_path / "absent.jsonl", "none")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputError, match=r"empty\.csv is empty"):
        Told(before, tmp_path / "empty.csv", "none")


def test_a_file_against_itself_is_no_drift(before: Path, trained: Trained) -> None:
    told = Told(before, before, str(trained.out), most=110)
    assert told.code == 0
    assert "110 of 150 different tickets were compared, drawn at random (seed 0)" in told.out
