"""Corrections name labels that somebody knows; all others are refused with what is allowed."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tierline.data.label_book import LabelBook, read_label_book
from tierline.data.labels import LABELS
from tierline.serving import commands
from tierline.serving.commands import app
from tierline.serving.http.api import create_app
from tierline.serving.http.keys import ApiKeys
from tierline.serving.policy import load_policy
from tierline.serving.routing.known_labels import correct_labels
from tierline.serving.store.setup import counts
from tierline.serving.store.store import Store

from ..fakes import MANIFEST, POLICY, policy_with
from .test_store_api import serving

OWN = """[tiers.1]
owns = ["access", "billing", "order", "how_to", "feedback", "fax"]
[severity_names]
Sev1 = "P1"
[retired_labels]
issue_type = ["performance"]
"""
BOOK = """[issue_type.network]
renamed_from = ["connectivity"]
[issue_type.fax]
retired = true
[issue_type.vpn]
merged_into = "network"
"""


def test_what_somebody_knows_is_allowed(tmp_path: Path) -> None:
    assert correct_labels(POLICY) == LABELS
    (tmp_path / "own.toml").write_text(OWN)
    (tmp_path / "labels.toml").write_text(BOOK)
    policy = load_policy(tmp_path / "own.toml")
    found = correct_labels(policy)
    assert found["severity"] == (*LABELS["severity"], "Sev1")
    assert set(found["issue_type"]) == {*LABELS["issue_type"], "fax"} - {"performance"}
    book = read_label_book(tmp_path / "labels.toml")
    found = correct_labels(policy, book=book)
    added = {"network", "connectivity", "vpn"}
    assert set(found["issue_type"]) == {*LABELS["issue_type"], *added} - {"performance"}
    heads = [head.model_copy(update={"labels": ("own",)}) for head in MANIFEST.heads]
    assert all(labels[-1] == "own" for labels in correct_labels(POLICY, heads).values())


def test_rules_that_ask_about_a_mood_know_it() -> None:
    trigger = POLICY.triggers[0].model_dump() | {
        "id": "trigger.x",
        "when": [{"sentiment": ["mad"]}],
    }
    policy = policy_with(triggers=[trigger])
    assert correct_labels(policy)["sentiment"] == (*LABELS["sentiment"], "mad")


@pytest.mark.parametrize(
    ("head", "expected"), [("severity", "P1, P2, P3, P4"), ("sentiment", "very_negative, negative")]
)
def test_the_api_refuses_other_labels(made: Store, head: str, expected: str) -> None:
    with serving(made) as client:
        refused = client.post("/v1/feedback", json={"ticket": "T-1", head: "zebrafish"})
        assert refused.status_code == 422
        assert f"{head}: expected one of {expected}" in refused.json()["error"]
        assert "zebrafish" not in refused.text
    assert counts(made.database)["feedback"] == 0


def test_a_server_takes_old_names_by_its_book(made: Store) -> None:
    from fastapi.testclient import TestClient

    book = LabelBook({"issue_type": {"connectivity": "network", "fax": None}})
    api = create_app(POLICY, None, ApiKeys.parse(""), store=made, book=book)
    with TestClient(api) as client:
        for label, status in (("connectivity", 200), ("network", 200), ("fax", 422)):
            asked = {"ticket": "T-1", "issue_type": label}
            assert client.post("/v1/feedback", json=asked).status_code == status


def test_an_import_quarantines_other_labels(
    made: Store, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands.console, "width", 200)
    lines: list[dict[str, Any]] = [
        {"id": "T-1", "severity": "P9", "origin": "human"},
        {"id": "T-2", "severity": "Sev1", "origin": "human"},
        {"id": "T-3", "issue_type": "vpn", "origin": "import"},
        {"id": "T-4", "issue_type": "performance", "origin": "import"},
    ]
    (tmp_path / "f.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "own.toml").write_text(OWN)
    (tmp_path / "labels.toml").write_text(BOOK)
    files = ("--policy", "own.toml", "--labels", "labels.toml")
    asked = ["feedback", "import", "f.jsonl", "--store", sqlite_url, *files]
    said = CliRunner().invoke(app, asked, catch_exceptions=False).output
    assert "2 corrections stored" in said
    assert "2 rows quarantined" in said
    bad = [
        json.loads(line)
        for line in (tmp_path / "f.jsonl.quarantine.jsonl").read_text().splitlines()
    ]
    assert [(row["row"], row["reason"][:50]) for row in bad] == [
        (1, "severity: expected one of P1, P2, P3, P4, Sev1; fo"),
        (4, "issue_type: expected one of access, billing, order"),
    ]
    assert counts(made.database)["feedback"] == 2
    made.database.close()
