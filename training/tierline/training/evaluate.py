"""Measure a model on labelled tickets: every head it shares with the labels, and the routing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from tierline.data.errors import InputError
from tierline.data.rows import Row
from tierline.models.runtime.manifest import Head
from tierline.models.runtime.prediction import Prediction
from tierline.models.runtime.predictor import Predictor
from tierline.training.baseline import Baseline
from tierline.training.metrics import HeadReport, report_head
from tierline.training.safety_report import SafetyReport, measure_safety
from tierline.training.targets import ABSENT, HeadLabels

_FIGURE_NAMES = {
    "macro_f1": "macro-F1",
    "accuracy": "accuracy",
    "quadratic_kappa": "quadratic kappa",
    "rated_too_low": "P1/P2 rated too low",
}


@dataclass(frozen=True)
class Evaluation:
    """What was measured on one set of tickets; ``baseline`` is empty where none was fitted.

    ``unknown`` counts, by head, the rows whose label the model doesn't have: they count as
    wrong nowhere, so they are told.
    """

    name: str
    count: int
    model: Mapping[str, HeadReport]
    baseline: Mapping[str, HeadReport]
    unknown: Mapping[str, int]
    probabilities: Mapping[str, tuple[NDArray[np.float64], NDArray[np.bool_]]]
    safety: SafetyReport | None

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "name": self.name,
            "count": self.count,
            "unknown_labels": dict(self.unknown),
            "model": {h: r.as_json() for h, r in self.model.items()},
            "baseline": {h: r.as_json() for h, r in self.baseline.items()},
            "safety": self.safety.as_json() if self.safety else None,
        }

    def summary(self) -> dict[str, Any]:
        """Return the headline figures with their intervals, for the manifest."""
        return {
            h: {n: [round(x, 4) for x in (f.value, f.low, f.high)] for n, f in r.figures.items()}
            | {"expected_calibration_error": r.calibration_error, "count": r.count}
            for h, r in self.model.items()
        }

    def tables(self) -> list[Table]:
        """Return the figures as tables for people: the heads', and safety where measured."""
        safety = [self.safety.table(self.name)] if self.safety else []
        return [self._heads_table(), *safety]

    def _heads_table(self) -> Table:
        table = Table(title=f"{self.name}: {self.count} tickets, 95% intervals")
        table.add_column("head")
        table.add_column("figure")
        table.add_column("model")
        if self.baseline:
            table.add_column("TF-IDF + logistic regression")
        for head, report in self.model.items():
            for key, figure in report.figures.items():
                base = [str(self.baseline[head].figures[key])] if self.baseline else []
                table.add_row(head, _FIGURE_NAMES[key], str(figure), *base)
            error = report.calibration_error
            table.add_row(head, "calibration error", "–" if error is None else f"{error:.3f}")
            table.add_section()
        return table


def evaluate(
    name: str, rows: Sequence[Row], predictor: Predictor, baseline: Baseline | None = None
) -> Evaluation:
    """Measure every head that both the model and the rows have.

    Raises:
        InputError: when they share none.
    """
    predictions = predictor.predict([row.ticket for row in rows])
    model, base, unknown, probabilities = {}, {}, {}, {}
    for head in predictor.manifest.heads:
        labels = HeadLabels(head.name, head.labels)
        truth = labels.targets(rows)
        known = truth != ABSENT
        unknown[head.name] = sum(head.name in r.labels for r in rows) - int(known.sum())
        if not known.any():
            continue
        predicted, confidence = _answers(head, predictions)
        model[head.name] = report_head(
            head.name, head.labels, truth[known], predicted[known], confidence[known]
        )
        probabilities[head.name] = (confidence[known], truth[known] == predicted[known])
        if baseline is not None:
            answers = baseline.predict(head.name, rows)[known]
            base[head.name] = report_head(head.name, head.labels, truth[known], answers)
    if not model:
        heads = ", ".join(h.name for h in predictor.manifest.heads)
        raise InputError(
            f"{name}: expected labels that the model knows, for at least one of {heads}; found "
            "none. Name the columns with --map issue_type=COLUMN"
        )
    safety = measure_safety(rows, predictions)
    return Evaluation(name, len(rows), model, base, unknown, probabilities, safety)


def _answers(
    head: Head, predictions: Sequence[Prediction]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return label indices and confidences of one head, both of shape (tickets,)."""
    answers = [p.heads[head.name] for p in predictions]
    labels = np.array([head.labels.index(a.label) for a in answers], dtype=np.int64)
    return labels, np.array([a.confidence for a in answers], dtype=np.float64)
