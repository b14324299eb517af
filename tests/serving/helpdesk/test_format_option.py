"""``--format``: the commands that read tickets read help desks' exports."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tierline.data.columns import parse_map
from tierline.data.corpus import read_rows
from tierline.data.helpdesk import ExportMap, Format, export_map
from tierline.data.quarantine import Quarantine
from tierline.data.readers import TicketFile
from tierline.data.rows import Row
from tierline.training.cli import app

SAMPLES = Path(__file__).parents[3] / "serving" / "samples" / "helpdesk"


def run(*arguments: object) -> None:
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    assert done.exit_code == 0, done.output


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_score_reads_groups_by_the_policy(tmp_path: Path) -> None:
    policy, out = tmp_path / "p.toml", tmp_path / "a.jsonl"
    policy.write_text('[helpdesk.zendesk.groups]\n"technical-support" = "Care"\n')
    file = SAMPLES / "zendesk_tickets.json"
    options = ["--format", "zendesk", "--rules-only", "--now", "2026-11-24T10:00"]
    run("score", file, "--out", out, "--policy", policy, *options)
    answers = lines(out)
    assert [a["id"] for a in answers] == ["35436", "35437", "35438"]
    assert [a["tier"] for a in answers] == [3, 2, 2]


def test_sample_for_labelling(tmp_path: Path) -> None:
    out = tmp_path / "sheet.jsonl"
    run(
        "sample-for-labelling", SAMPLES / "intercom_conversations.json",
        "--format", "intercom", "--share", "1", "--out", out,
    )  # fmt: skip
    assert [row["id"] for row in lines(out)] == ["147", "148"]
    sheet = [row for row in TicketFile(out) if isinstance(row, Row)]
    assert sheet[1].ticket.body == "Please take me off this list."


def test_labelled_rows_of_an_export(tmp_path: Path) -> None:
    pairs = export_map(parse_map("issue_type=custom_fields.360012"), Format.ZENDESK)
    with Quarantine(tmp_path / "bad.jsonl") as quarantine:
        rows = read_rows([SAMPLES / "zendesk_tickets.json"], pairs, quarantine)
    assert [row.labels for row in rows] == [{"issue_type": "billing"}, {"issue_type": "shipping"}]
    assert quarantine.count == 1  # the one without a label


def test_train_hands_the_format_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: list[Any] = []
    monkeypatch.setattr("tierline.training.pipeline.train", lambda job, console: jobs.append(job))
    run(
        "train", SAMPLES / "jira_issues.json", "--format", "jira",
        "--map", "severity=fields.priority", "--out", tmp_path / "bundle",
    )  # fmt: skip
    (job,) = jobs
    assert isinstance(job.mapping, ExportMap)
    assert job.mapping == {"severity": "fields.priority"}
    assert job.mapping.export.layout.title == "Jira"


def test_another_file_is_told_plainly(tmp_path: Path) -> None:
    file = SAMPLES / "zendesk_tickets.json"
    done = CliRunner().invoke(
        app,
        ["score", str(file), "--format", "jira", "--rules-only", "--out", str(tmp_path / "a.csv")],
    )
    assert done.exit_code != 0
    assert "expected a Jira issue" in str(done.exception)
    assert not (tmp_path / "a.csv").exists()
