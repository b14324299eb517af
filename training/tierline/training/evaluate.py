"""Measure a model on labelled tickets: every head it shares with the labels, and the routing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.markup import escape
from rich.table import Table

from tierline.data.errors import InputError
from tierline.data.rows import Row
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.models.runtime.predictor import Predictor
from tierline.serving.policy import Policy, load_policy
from tierline.training.answers import TIER, Answers, head_answers, said
from tierline.training.baseline import Baseline
from tierline.training.foreign import Foreign, measure_foreign
from tierline.training.metrics import RESAMPLES, SEED, HeadReport, report_head
from tierline.training.review_report import ReviewReport, measure_review
from tierline.training.risk import LIMITS, RiskCoverage, risk_coverage
from tierline.training.routing import recommended, tier_answers
from tierline.training.safety_report import SafetyReport, measure_safety
from tierline.training.stage_report import StageReport, measure_stages

INTERVALS: Final = f"95% bootstrap intervals over tickets, {RESAMPLES:,} resamples, seed {SEED}"
FIGURE_NAMES: Final = {
    "macro_f1": "macro-F1",
    "accuracy": "accuracy",
    "quadratic_kappa": "quadratic kappa",
    "rated_too_low": "P1/P2 rated too low",
}
#: Tickets that are answered between two signs of progress.
_CHUNK: Final = 256


@dataclass(frozen=True)
class Evaluation:
    """What was measured on one set of tickets; ``baseline`` is empty where none was fitted.

    ``unknown`` counts, by head, the rows whose label the model doesn't have: they count as
    wrong nowhere, so they are told. ``answers`` and ``risk`` are by head, and by "tier" for the
    whole decision; ``said`` has what was answered to every row, labelled or not. ``stages`` is
    None where the encoder answers all; ``foreign`` is empty where no texts were given that the
    model isn't for.
    """

    name: str
    count: int
    model: Mapping[str, HeadReport]
    baseline: Mapping[str, HeadReport]
    unknown: Mapping[str, int]
    answers: Mapping[str, Answers]
    said: Mapping[str, tuple[str, ...]]
    risk: Mapping[str, RiskCoverage]
    safety: SafetyReport | None
    review: ReviewReport
    stages: StageReport | None = None
    foreign: tuple[Foreign, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "name": self.name,
            "count": self.count,
            "bootstrap": {"resamples": RESAMPLES, "seed": SEED, "interval": 0.95},
            "risk_coverage": {h: r.as_json() for h, r in self.risk.items()},
            "unknown_labels": dict(self.unknown),
            "model": {h: r.as_json() for h, r in self.model.items()},
            "baseline": {h: r.as_json() for h, r in self.baseline.items()},
            "safety": self.safety.as_json() if self.safety else None,
            "review": self.review.as_json(),
            "stages": self.stages.as_json() if self.stages else None,
            "foreign": [f.as_json() for f in self.foreign],
        }

    def summary(self) -> dict[str, Any]:
        """Return the headline figures with their intervals, for the manifest."""
        return {
            h: {n: [round(x, 4) for x in (f.value, f.low, f.high)] for n, f in r.figures.items()}
            | {"expected_calibration_error": r.calibration_error, "count": r.count}
            for h, r in self.model.items()
        }

    def unknown_lines(self) -> list[str]:
        """Return what the figures alone would hide: rows that no answer could get right."""
        return [
            f"{count} rows carry a label of {head} that the model doesn't have"
            for head, count in self.unknown.items()
            if count
        ]

    def tables(self) -> list[Table]:
        """Return the figures as tables for people: what can be answered automatically first."""
        safety = [self.safety.table(self.name)] if self.safety else []
        stages = [self.stages.table(self.name)] if self.stages else []
        review = self.review.table(self.name)
        foreign = (f.table(self.name) for f in self.foreign)
        return [self._automatic_table(), self._heads_table(), *stages, *safety, review, *foreign]

    def _automatic_table(self) -> Table:
        table = Table(
            title=f"{escape(self.name)}: answer automatically", caption="at most so many errors"
        )
        table.add_column("")
        for limit in LIMITS:
            table.add_column(f"≤ {limit:.0%}", justify="right")
        table.add_column("area under risk–coverage")
        for head, risk in self.risk.items():
            shares = [f"{a.coverage.value:.0%}" for a in risk.automatic]
            table.add_row(head, *shares, str(risk.area))
        return table

    def _heads_table(self) -> Table:
        title = f"{escape(self.name)}: {self.count} tickets, 95% intervals"
        table = Table(title=title, caption=INTERVALS)
        table.add_column("head")
        table.add_column("figure")
        table.add_column("model")
        if self.baseline:
            table.add_column("TF-IDF + logistic regression")
        for head, report in self.model.items():
            for key, figure in report.figures.items():
                base = [str(self.baseline[head].figures[key])] if self.baseline else []
                table.add_row(head, FIGURE_NAMES[key], str(figure), *base)
            error = report.calibration_error
            table.add_row(head, "calibration error", "–" if error is None else f"{error:.3f}")
            table.add_section()
        return table


def evaluate(
    name: str,
    rows: Sequence[Row],
    predictor: Predictor,
    baseline: Baseline | None = None,
    policy: Policy | None = None,
    progress: Callable[[float], None] = lambda _: None,
    foreign: Mapping[str, Sequence[Ticket]] | None = None,
) -> Evaluation:
    """Measure every head that both the model and the rows have, and the routing.

    ``policy`` is the default one when absent. ``progress`` is told the share that is done.
    ``foreign`` are texts, by name, that the model isn't for: how well it tells them is measured.

    Raises:
        InputError: when they share none.
    """
    heads, policy = predictor.manifest.heads, policy or load_policy()
    predictions = _predict(predictor, [row.ticket for row in rows], progress)
    answers = dict(head_answers(heads, rows, predictions))
    if not answers:
        raise InputError(
            f"{name}: expected labels that bundle {predictor.version} knows, for at least one of "
            f"{', '.join(h.name for h in heads)}; found none. Name the columns with "
            "--map issue_type=COLUMN, or read the labels as the bundle's with --labels"
        )
    stages = None
    if predictor.manifest.fast:
        encoder = head_answers(heads, rows, _by_encoder(predictor, rows, predictions))
        stages = measure_stages(rows, predictions, answers, encoder, policy)
    model = {head: _report(a) for head, a in answers.items()}
    base = {head: _baseline_report(a, rows, baseline) for head, a in answers.items() if baseline}
    unknown = {
        h.name: sum(h.name in r.labels for r in rows)
        - (len(answers[h.name].rows) if h.name in answers else 0)
        for h in heads
    }
    recommendations = recommended(rows, predictions, policy)
    tiers = tuple(str(r.tier) for r in recommendations)
    tier = tier_answers(heads, rows, predictions, tiers, policy)
    if tier is not None:
        answers[TIER] = tier
    spoken = said(heads, predictions) | {TIER: tiers}
    risk = {head: risk_coverage(a.confidence, a.correct) for head, a in answers.items()}
    review = measure_review(recommendations, predictions, answers)
    strangers = tuple(
        measure_foreign(source, _predict(predictor, texts, lambda _: None), predictions)
        for source, texts in (foreign or {}).items()
    )
    return Evaluation(
        name,
        len(rows),
        model,
        base,
        unknown,
        answers,
        spoken,
        risk,
        measure_safety(rows, predictions),
        review,
        stages,
        strangers,
    )


def _predict(
    predictor: Predictor, tickets: Sequence[Ticket], progress: Callable[[float], None]
) -> list[Prediction]:
    predictions: list[Prediction] = []
    for start in range(0, len(tickets), _CHUNK):
        predictions += predictor.predict(tickets[start : start + _CHUNK])
        progress(len(predictions) / len(tickets))
    return predictions


def _by_encoder(
    predictor: Predictor, rows: Sequence[Row], predictions: Sequence[Prediction]
) -> list[Prediction]:
    """Return the predictions with the encoder's own where the n-grams answered."""
    fast = [i for i, p in enumerate(predictions) if p.stage == "ngrams"]
    found = list(predictions)
    for start in range(0, len(fast), _CHUNK):
        chunk = fast[start : start + _CHUNK]
        again = predictor.predict([rows[i].ticket for i in chunk], whole=True)
        for i, prediction in zip(chunk, again, strict=True):
            found[i] = prediction
    return found


def _report(answers: Answers) -> HeadReport:
    a = answers
    return report_head(a.head, a.labels, a.truth, a.predicted, a.confidence)


def _baseline_report(answers: Answers, rows: Sequence[Row], baseline: Baseline) -> HeadReport:
    predicted = baseline.predict(answers.head, rows)[answers.rows]
    return report_head(answers.head, answers.labels, answers.truth, predicted)
