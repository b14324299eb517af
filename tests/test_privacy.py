"""Nothing that Tierline stores or prints holds a ticket's secrets."""

from __future__ import annotations

import html
import json
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError
from typer.testing import CliRunner

from tierline.data import InputError, Ticket
from tierline.data.labels import LABELS
from tierline.data.normalise import normalise, plain_text
from tierline.data.readers import TicketFile
from tierline.data.redact import redact
from tierline.models.runtime.prediction import Account, HeadPrediction, Prediction
from tierline.models.runtime.predictor import Predictor
from tierline.serving import commands
from tierline.serving.backlog.scoring import quarantine_path, score
from tierline.serving.http.api import create_app
from tierline.serving.http.keys import ApiKeys
from tierline.serving.policy import load_policy
from tierline.serving.routing.recommend import recommend
from tierline.serving.routing.router import Router

if TYPE_CHECKING:
    from tierline.training.pipeline import Trained

Rows = list[dict[str, Any]]
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
POLICY = load_policy()
#: Shorter ones, and plain numbers, are found by chance in files of weights and measurements.
LONG = 7


class Gossip:
    """A model that suspects a breach everywhere and points at the secrets as its evidence."""

    version = "gossip-0"
    manifest = SimpleNamespace(heads=())

    def __init__(self, rows: Rows) -> None:
        self.secrets = [normalise(secret) for row in rows for secret in row["secrets"]]

    def predict(self, tickets: Sequence[Ticket]) -> list[Prediction]:
        return [self._about(plain_text(t)) for t in tickets]

    def _about(self, text: str) -> Prediction:
        head, label = "issue_type", "security_breach"
        shares = {name: float(name == label) for name in LABELS["issue_type"]}
        offsets = [(text.index(w, at), w) for at, w in _words(text)]
        values = [[self._weight(w) * shares[n] for n in shares] for _, w in offsets]
        places = [(start, start + len(w)) for start, w in offsets]
        return Prediction(
            {head: HeadPrediction(label, 1.0, shares)},
            truncated=False,
            model_version=self.version,
            text=text,
            account=Account(
                [(head, name) for name in shares],
                np.zeros(len(shares), dtype=np.float32),
                lambda: (places, np.array(values, dtype=np.float32).reshape(-1, len(shares))),
            ),
        )

    def _weight(self, word: str) -> float:
        return 9.0 if any(s in word or word in s for s in self.secrets) else 1.0


def _words(text: str) -> Iterable[tuple[int, str]]:
    at = 0
    for word in text.split():
        yield at, word
        at = text.index(word, at) + len(word)


@pytest.fixture(scope="module")
def router(planted: Rows) -> Router:
    return Router(POLICY, cast(Predictor, Gossip(planted)))


@pytest.fixture(scope="module")
def long_secrets(planted: Rows) -> list[str]:
    found = [s for row in planted for s in row["secrets"] if len(s) >= LONG]
    found = [s for s in found if not s.isdigit()]
    assert len(found) >= 150
    return found


def held(text: str, secrets: Iterable[str]) -> list[str]:
    """Return the secrets that a text holds, as written, normalised, or escaped for JSON."""
    return [
        secret
        for secret in secrets
        if any(form in text for form in (secret, normalise(secret), json.dumps(secret)[1:-1]))
    ]


def evidence(answer: dict[str, Any]) -> str:
    return "\n".join(quote for reason in answer["reasons"] for quote in reason["evidence"])


def test_reasons_quote_no_secret(planted: Rows, router: Router) -> None:
    tickets = [Ticket(id=str(i), body=row["text"]) for i, row in enumerate(planted)]
    answers = router.route(tickets, NOW)
    assert answers == [router.route([ticket], NOW)[0] for ticket in tickets]
    for row, answer in zip(planted, answers, strict=True):
        assert answer.tier == 3
        assert held(evidence(answer.as_row()), row["secrets"]) == []


def test_the_words_of_a_rule_are_redacted_too() -> None:
    ticket = Ticket(body="Our account zoe.w@kestra.example was hacked.")
    (reason, *_) = recommend(ticket, None, POLICY, NOW).reasons
    assert reason.rule == "safety.security_breach"
    assert "kestra" not in evidence({"reasons": [reason.model_dump()]})


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_scoring_stores_no_secret(
    planted: Rows,
    long_secrets: list[str],
    router: Router,
    suffix: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    source, out = tmp_path / "in.jsonl", tmp_path / f"out{suffix}"
    good = [{"body": row["text"]} for row in planted]
    bad = [row | {"attempts": row["body"], "created_at": row["body"]} for row in good]
    lines = [json.dumps(row) for row in [*good, *bad]] + [row["text"] for row in planted]
    source.write_text("\n".join(line.replace("\n", " ") for line in lines), encoding="utf-8")
    summary = score(TicketFile(source), out, router, NOW, lambda share, count: None)
    assert (summary.answered, summary.quarantined) == (len(good), 2 * len(good))
    for path in (out, quarantine_path(out)):
        assert held(path.read_bytes().decode("utf-8", "replace"), long_secrets) == []
    assert held(caplog.text, long_secrets) == []


def test_the_api_answers_and_refuses_without_secrets(
    planted: Rows, long_secrets: list[str], router: Router, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    source = router.predictor
    assert source is not None
    said: list[str] = []
    with TestClient(create_app(POLICY, lambda: source, ApiKeys.parse(""))) as client:
        while client.get("/readyz").status_code != 200:
            pass
        for row in planted:
            ticket = {"body": row["text"]}
            answer = client.post("/v1/route", json=ticket).json()
            assert held(evidence(answer), row["secrets"]) == []
            wrong = [{"attempts": row["text"]}, {row["text"]: 1}, {"zoe@x.example": row["text"]}]
            refused = [client.post("/v1/route", json=ticket | more) for more in wrong]
            refused.append(client.post("/v1/route", content=row["text"]))
            assert {r.status_code for r in refused} == {422}
            said += [json.dumps(answer), *(response.text for response in refused)]
    assert held("\n".join([*said, caplog.text]), [*long_secrets, "zoe@x"]) == []


def test_the_terminal_shows_no_secret(
    planted: Rows, router: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands.console, "width", 1000)
    monkeypatch.setattr(
        "tierline.serving.commands.shared.load_predictor", lambda *_: router.predictor
    )
    for row in planted:
        result = CliRunner().invoke(commands.app, ["route", "--", row["text"]])
        assert result.exit_code == 0
        shown = result.output.partition("respond by")[0]
        assert held(shown + evidence_lines(result.output), row["secrets"]) == []


def evidence_lines(output: str) -> str:
    return "\n".join(line for line in output.splitlines() if "“" in line)


def test_a_file_without_a_header_is_refused_without_its_words(
    planted: Rows, long_secrets: list[str], tmp_path: Path
) -> None:
    for suffix in (".csv", ".jsonl"):
        path = tmp_path / f"in{suffix}"
        for row in planted:
            text = row["text"].replace("\n", " ")
            path.write_text(json.dumps({text: 1}) if suffix == ".jsonl" else f"{text}\nx\n")
            with pytest.raises(InputError, match="expected a column") as caught:
                list(TicketFile(path))
            assert held(str(caught.value), long_secrets) == []


def test_python_prints_a_ticket_without_its_words(planted: Rows, long_secrets: list[str]) -> None:
    for row in planted:
        text = row["text"]
        assert held(repr(Ticket(subject=text, body=text)), long_secrets) == []
        with pytest.raises(ValidationError) as caught:
            Ticket.model_validate({"body": text, "attempts": text, "channel": text * 3})
        assert held(str(caught.value), long_secrets) == []


def test_a_training_leaves_no_secret_behind(
    trained: Trained, tickets: Path, workplace: Path, long_secrets: list[str]
) -> None:
    """The tickets trained on hold every planted text; MLflow's store and files are all here."""
    assert len(held(tickets.read_text(encoding="utf-8"), long_secrets)) >= 150
    files = [path for path in workplace.rglob("*") if path.is_file()]
    kinds = {path.suffix for path in files}
    assert kinds >= {".db", ".json", ".csv", ".png", ".onnx", ".txt", ".jsonl"}
    assert (workplace / "bundle.quarantine.jsonl").is_file()
    for path in files:
        content = path.read_bytes().decode("utf-8", "replace")
        assert held(content, long_secrets) == [], path


def test_a_report_shows_no_secret_of_a_tickets_fields(
    trained: Trained, long_secrets: list[str], tmp_path: Path
) -> None:
    """Ids, channels and industries hold what gives itself away without words around it."""
    from rich.console import Console

    from tierline.training.report.command import EvaluateJob, run

    told = [s for s in long_secrets if len(s) <= 64 and not held(redact(s), [s])][:12]
    labels = [{"severity": "P1"}, {"severity": "P4"}]
    rows = [
        {"body": f"Office {i}: please advise", "id": s, "channel": s, "industry": s} | label
        for i, s in enumerate(told)
        for label in labels
    ]
    file, page = tmp_path / "fields.jsonl", tmp_path / "report.html"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    quiet = Console(quiet=True)
    job = EvaluateJob(trained.out, file, {}, html=page, trained_on=[file])
    run(job, quiet, quiet)
    found = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert found["confident_mistakes"]
    assert found["near_duplicates"]
    for path in (page, page.with_suffix(".json")):
        assert held(html.unescape(path.read_text(encoding="utf-8")), told) == []
