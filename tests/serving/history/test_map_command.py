"""`tierline map`: the page, the JSON, the terminal, and how it refuses."""

import json
import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tierline.data.errors import InputError
from tierline.serving import commands
from tierline.serving.commands import app

from .logs import event, written
from .test_map import moved, simple

runner = CliRunner()
EVIL = '<script>alert("x")</script>'


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands.console, "width", 200)


def output(*arguments: str) -> str:
    result = runner.invoke(app, ["map", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refusal(*arguments: str) -> str:
    with pytest.raises(InputError) as caught:
        runner.invoke(app, ["map", *arguments], catch_exceptions=False)
    return str(caught.value)


def test_the_page_needs_nothing_else_and_trusts_no_name(tmp_path: Path) -> None:
    rows = [*simple(), *moved("e", ["Desk", EVIL, "日本 $x$"], type=EVIL, priority=EVIL)]
    secret = {"caller": "Ada Lovelace", "body": "my password is hunter2"}
    path = written(tmp_path, [row | secret for row in rows])
    shown = output(str(path), "--html", "map.html")
    assert "map: map.html and map.json" in shown
    page = (tmp_path / "map.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r'(?:src|srcset|href)="(?!data:|#)', page)
    for words in ("Lovelace", "hunter2", ">e<"):
        assert words not in page
        assert words not in (tmp_path / "map.json").read_text()
    ids = set(re.findall(r'id="([\w-]+)"', page))
    assert set(re.findall(r'href="#([\w-]+)"', page)) <= ids
    for part in ("Which moves were escalations can’t be told", "Round trips", "5 tickets"):
        assert part in page


def test_the_page_of_a_desk_with_tiers(tmp_path: Path) -> None:
    (tmp_path / "tiers.toml").write_text("[tiers]\nDesk = 1\nNet = 2\n")
    path = written(tmp_path, simple())
    output(str(path), "--html", "map.html", "--tiers", "tiers.toml")
    page = (tmp_path / "map.html").read_text()
    # b and c went up; c came back and was solved by the desk.
    assert "<strong>1 escalations (50%) were unnecessary</strong>" in page
    assert "Where escalations start" in page
    assert "Time in each tier" in page
    assert "No team’s tier is known" not in page


def test_the_smallest_log_has_a_page(tmp_path: Path) -> None:
    path = written(tmp_path, [{"ticket": "a", "at": "2025-03-03", "team": "Desk"}])
    output(str(path), "--html", "map.html")
    page = (tmp_path / "map.html").read_text()
    assert "this log never tells a resolution" in page
    assert "Too few tickets to point at anything" in page


def test_json_alone_is_all_that_standard_output_has(tmp_path: Path) -> None:
    path = written(tmp_path, [*simple(), {"ticket": "z"}])
    result = runner.invoke(app, ["map", str(path), "--json"], catch_exceptions=False)
    said = json.loads(result.stdout)
    assert (said["log"]["tickets"], said["rows_quarantined"]) == (4, 1)
    line = json.loads((tmp_path / "log.jsonl.quarantine.jsonl").read_text())
    assert line == {"file": "log.jsonl", "row": 13, "reason": "at: expected a value; found none"}


@pytest.mark.parametrize("options", [(), ("--html", "pages[x]/map.html")])
def test_bad_rows_are_told_of_beside_the_page_or_the_log(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    for name in ("logs[x]", "pages[x]"):
        (tmp_path / name).mkdir()
    other = tmp_path / "log.jsonl.quarantine.jsonl"
    other.write_text("of another command")
    path = written(tmp_path / "logs[x]", [*simple(), {"ticket": "z"}])
    said = output(str(path), *options)
    place = Path("pages[x]/map.html") if options else path
    assert f"1 rows quarantined, with reasons: {place}.quarantine.jsonl" in said
    assert '"row": 13' in Path(f"{place}.quarantine.jsonl").read_text()
    assert other.read_text() == "of another command"
    assert len(list(tmp_path.rglob("*.quarantine.jsonl"))) == 2


def test_the_terminal_tells_findings_and_flaws(tmp_path: Path) -> None:
    rows = [r for i in range(40) for r in moved(f"b{i}", "ABA")]
    shown = output(str(written(tmp_path, [*rows, rows[0]])))
    assert "40 tickets, 161 events" in shown
    assert "1 duplicate events dropped; 0 events whose clock was set back" in shown
    assert "from A to B and back, 40 times" in shown


def test_the_same_log_gives_the_same_page(tmp_path: Path) -> None:
    path = written(tmp_path, simple()[:2])
    output(str(path), "--html", "one.html")
    output(str(path), "--html", "two.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_wrong_options_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(written(tmp_path, [event("a", 0, "Desk", "New")]))
    assert "found none at nowhere.csv" in refusal("nowhere.csv")
    assert ".html" in refusal(path, "--html", "map.txt")
    assert "--format" in refusal(path, "--format", "jira")
    assert "--zone" in refusal(path, "--zone", "Mars/Base")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert "pip install 'tierline[report]'" in refusal(path, "--html", "map.html")
    assert "1 tickets" in output(path)
