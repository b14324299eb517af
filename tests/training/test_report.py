"""The page and its JSON: complete, escaped, and in need of nothing from elsewhere."""

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from tierline.data.errors import InputError
from tierline.models.runtime.predictor import Predictor
from tierline.training.pipeline import Trained
from tierline.training.report.command import EvaluateJob, run
from tierline.training.report.mistakes import label_issues
from tierline.training.report.shown import shown

from .made_answers import answers, rows

SCRIPT = "<script>alert('x')</script>"
KEYS = {
    "against",
    "baseline",
    "bootstrap",
    "bundle",
    "confident_mistakes",
    "costs",
    "count",
    "file_sha256",
    "foreign",
    "label_issues",
    "leak_warnings",
    "model",
    "name",
    "near_duplicates",
    "review",
    "risk_coverage",
    "safety",
    "certificate",
    "schema",
    "segments",
    "stages",
    "tier",
    "unknown_labels",
}


STRANGE = [{"body": "Über allen Gipfeln ist Ruh, in allen Wipfeln spürest du"}, {"body": "xx"}]


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def hostile_rows(tickets: Path) -> list[dict[str, Any]]:
    """Return the corpus with some labels wrong, and tickets that try to run a script."""
    rows = [json.loads(line) for line in tickets.read_text().splitlines()]
    for i in range(0, 160, 16):
        rows[i] |= {"severity": "P1" if rows[i]["severity"] != "P1" else "P4"}
        rows[i] |= {"id": f"{SCRIPT}{i}", "subject": SCRIPT, "channel": f"{SCRIPT}&chat"}
        rows[i] |= {"body": f"{rows[i]['body']} Write to jane.doe@acme.example."}
        rows[i] |= {"industry": SCRIPT, "customer_tier": "smb"}
    return rows


@pytest.fixture(scope="module")
def made(
    trained: Trained, tickets: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, Any]]:
    """The page and the JSON of the trained bundle on hostile tickets."""
    folder = tmp_path_factory.mktemp("report")
    file = write_rows(folder / "hostile.jsonl", hostile_rows(tickets))
    html = folder / "report.html"
    strange = write_rows(folder / "poems & more.jsonl", [*STRANGE, {"body": 3, "attempts": -1}])
    job = EvaluateJob(
        trained.out, file, {}, html=html, against=trained.out, trained_on=[file], foreign=[strange]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run(job, Console(file=StringIO()), Console(file=StringIO()))
    return html.read_text(), json.loads(html.with_suffix(".json").read_text())


class _Page(HTMLParser):
    """Collects tags, ids, the addresses in attributes, and where links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.sources: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        self.ids |= {given["id"] or ""} if "id" in given else set()
        self.links += [given["href"] or ""] if "href" in given else []
        self.sources += [v or "" for k, v in attrs if k in {"src", "srcset"}]
        assert not any(name.startswith("on") for name in given)


def test_what_can_be_answered_automatically_comes_first(made: tuple[str, Any]) -> None:
    page = made[0]
    first_table = page.index("<table")
    assert page.index("answer automatically", first_table) < page.index("</table>")
    assert "≤ 5% error" in page[first_table : page.index("</table>")]


def test_every_section_is_there_and_the_contents_lead_to_it(made: tuple[str, Any]) -> None:
    page = _Page(made[0])
    inside = {link.removeprefix("#") for link in page.links}
    assert inside <= page.ids
    assert inside >= {"automatic", "figures", "against", "safety", "costs", "segments"}
    assert inside >= {"review", "mistakes", "labels", "duplicates", "leaks", "method", "head-4"}
    text = made[0]
    for words in ("1,000 resamples, seed 0", "calibration error", "By industry", "@media print"):
        assert words in text


def test_a_ticket_cannot_run_a_script(made: tuple[str, Any]) -> None:
    page = made[0]
    assert "script" not in _Page(page).tags
    assert "<script" not in page
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in page


def test_nothing_comes_from_elsewhere(made: tuple[str, Any]) -> None:
    page = _Page(made[0])
    assert "http:" not in made[0]
    assert "https:" not in made[0]
    assert "url(" not in made[0]
    assert all(link.startswith("#") for link in page.links)
    assert len(page.sources) >= 4 * 3 * 3
    for source in page.sources:
        kind, _, data = source.partition(";base64,")
        assert kind == "data:image/svg+xml"
        picture = base64.b64decode(data).decode()
        assert not re.search(r"(href=\"|url\()(?!#|data:)", picture)


def test_tickets_are_shown_without_what_is_personal(made: tuple[str, Any]) -> None:
    page, data = made
    for text in (page, json.dumps(data)):
        assert "jane.doe" not in text
        assert "[email]" in text


def test_long_tickets_are_cut_after_redacting() -> None:
    assert shown("a  b\n c") == "a b c"
    text = shown(f"{'word ' * 78}jane.doe@acme.example and more words")
    assert "jane" not in text
    assert len(text) <= 402
    assert text.endswith(" …")


def test_the_page_tells_the_certificate(made: tuple[str, Any]) -> None:
    assert "certificate:</strong> no promise at 2.0%" in made[0]


def test_what_the_bundle_is_not_for_is_told_from_the_tickets(made: tuple[str, Any]) -> None:
    page, data = made
    assert "poems &amp; more: 2 texts that the bundle isn’t for" in page
    (found,) = data["foreign"]
    assert (found["name"], found["count"]) == ("poems & more", 2)
    told = found["told"]["unsupported_language"]
    assert (told["found"]["hits"], told["auroc"]["value"]) == (1, 1.0)
    assert told["alarms"]["hits"] <= 0.1 * told["alarms"]["count"]


def test_reasons_for_a_persons_look_add_up(made: tuple[str, Any]) -> None:
    reasons = made[1]["review"]["reasons"]
    assert sum(share["hits"] for share in reasons.values()) == 160
    assert made[1]["review"]["errors"].keys() == {"severity", "issue_type", "sentiment"}
    assert "at most 5% by the threshold’s aim" in made[0]


def test_what_the_fast_stage_costs_is_told(
    fast_bundle: Path, tickets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    html = tmp_path / "report.html"
    job = EvaluateJob(fast_bundle, tickets, {}, html=html)
    run(job, Console(file=StringIO()), Console(file=StringIO()))
    page, data = html.read_text(), json.loads(html.with_suffix(".json").read_text())
    stages = data["stages"]
    answered = stages["answered"]["hits"]
    assert 0 < answered < stages["answered"]["count"] == data["count"]
    for head in stages["heads"].values():
        assert head["ngrams"]["count"] == head["encoder"]["count"] == answered
    assert {"stages"} <= _Page(page).ids
    assert f"alone answered {answered} of {data['count']} tickets" in page


def test_the_json_keeps_its_keys(made: tuple[str, Any]) -> None:
    data = made[1]
    assert data.keys() == KEYS
    assert (data["schema"], data["count"]) == (1, 160)
    assert data["certificate"]["lacking"] > 0
    assert data["bootstrap"] == {"resamples": 1000, "seed": 0, "interval": 0.95}
    assert data["risk_coverage"].keys() == {"severity", "issue_type", "sentiment", "tier"}
    assert [c["head"] for c in data["costs"]] == ["severity", "tier"]
    assert data["against"].keys() == {"this", "other", "differences", "changes", "skipped"}
    assert data["confident_mistakes"][0].keys() == {
        "id",
        "head",
        "label",
        "predicted",
        "confidence",
        "in_label",
        "shown",
    }


def test_a_bundle_against_itself_differs_in_nothing(made: tuple[str, Any]) -> None:
    against = made[1]["against"]
    assert against["changes"] == []
    assert against["this"] == against["other"]
    for difference in against["differences"]:
        assert set(difference["difference"].values()) == {0.0}


def test_wrong_labels_are_among_the_suspects_and_the_surest_mistakes(
    made: tuple[str, Any],
) -> None:
    spoilt = {f"{SCRIPT}{i}" for i in range(0, 160, 16)}
    issues = {i["head"]: i for i in made[1]["label_issues"]}
    suspected = {doubt["id"] for doubt in issues["severity"]["first"]}
    assert suspected <= spoilt
    assert len(suspected) >= 5
    mistakes = made[1]["confident_mistakes"]
    assert 8 <= len(mistakes) <= 25
    sure = [m["confidence"] for m in mistakes]
    assert sure == sorted(sure, reverse=True)
    assert all(m["label"] != m["predicted"] for m in mistakes)


def test_segments_add_up_to_all_rows(made: tuple[str, Any]) -> None:
    for division in made[1]["segments"]:
        assert sum(s["count"] for s in division["segments"]) == 160


def test_rows_trained_on_are_found(made: tuple[str, Any]) -> None:
    copies = made[1]["near_duplicates"]
    assert len(copies) >= 112
    assert copies[0]["similarity"] == pytest.approx(1)
    assert "near_duplicates" in {leak["kind"] for leak in made[1]["leak_warnings"]}


@pytest.mark.parametrize("name", ["report.txt", "nowhere/report.html"])
def test_a_page_that_cannot_be_written_is_refused_at_once(
    trained: Trained, tickets: Path, tmp_path: Path, name: str
) -> None:
    job = EvaluateJob(trained.out, tickets, {}, html=tmp_path / name)
    with pytest.raises(InputError, match=r"--html: expected a file name that ends in \.html"):
        run(job, Console(file=StringIO()), Console(file=StringIO()))


def test_labels_of_another_world_are_refused_with_the_bundle_and_both_remedies(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = write_rows(tmp_path / "own.jsonl", [{"body": "please advise", "severity": "Blocker"}])
    version = Predictor.load(trained.out).version
    wanted = f"bundle {re.escape(version)} knows.*--map issue_type=COLUMN.*--labels"
    with pytest.raises(InputError, match=wanted):
        run(EvaluateJob(trained.out, file, {}), Console(quiet=True), Console(quiet=True))


def test_few_rows_of_one_label_still_make_a_report(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [{"body": f"Office Oslo: please advise {i}", "sentiment": "neutral"} for i in range(25)]
    file = write_rows(tmp_path / "few.jsonl", rows)
    job = EvaluateJob(trained.out, file, {}, html=tmp_path / "few.html")
    run(job, Console(file=StringIO()), Console(file=StringIO()))
    data = json.loads((tmp_path / "few.json").read_text())
    assert (data["tier"], data["against"], data["near_duplicates"]) == (None, None, None)
    assert "Not looked for" in (tmp_path / "few.html").read_text()


def test_an_answer_that_is_the_label_is_no_suspect() -> None:
    truth = [0, 1, 2, 3] * 10
    given = answers("severity", ("P1", "P2", "P3", "P4"), truth, truth, 0.97)
    assert given.probabilities is not None
    doubtful = [1, 5, 9]  # labelled and answered P2, P3 likelier
    given.probabilities[doubtful] = (0.01, 0.01, 0.97, 0.01)
    bodies = [f"ticket {i}" for i in range(len(truth))]
    (clean,) = label_issues(rows(bodies), {"severity": given})
    assert clean.found == 0
    wrong = replace(given, predicted=np.where(np.isin(range(40), doubtful), 2, truth))
    (found,) = label_issues(rows(bodies), {"severity": wrong})
    assert {doubt.id for doubt in found.first} == {"r1", "r5", "r9"}
