"""What the fast stage costs: its answers beside the encoder's to the same tickets."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.markup import escape
from rich.table import Table

from tierline.data.rows import Row
from tierline.models.runtime.prediction import Prediction
from tierline.serving.policy import Policy
from tierline.training.answers import Answers
from tierline.training.certify import is_critical
from tierline.training.metrics import macro_f1
from tierline.training.safety_report import Share


@dataclass(frozen=True)
class StageHead:
    """One head: right answers to the tickets that the n-grams answered, by them and by the encoder.

    ``with_stage`` and ``without_stage`` are the macro-F1 over all tickets, both 0 to 1.
    """

    ngrams: Share
    encoder: Share
    with_stage: float
    without_stage: float


@dataclass(frozen=True)
class StageReport:
    """The tickets that the n-grams ``answered`` alone, and what they are worth.

    ``critical`` are those among them that must not be missed, of all such.
    """

    answered: Share
    critical: Share
    heads: Mapping[str, StageHead]

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)

    def table(self, name: str) -> Table:
        """Return the figures as a table for people."""
        table = Table(
            title=f"{escape(name)}: n-grams alone answered {self.answered}",
            caption=f"true P1, data loss and breaches among these, of all such: {self.critical}",
        )
        for column in ("", "right, n-grams", "right, encoder", "macro-F1 of all", "encoder alone"):
            table.add_column(column)
        for head, h in self.heads.items():
            scores = (f"{h.with_stage:.3f}", f"{h.without_stage:.3f}")
            table.add_row(head, str(h.ngrams), str(h.encoder), *scores)
        return table


def measure_stages(
    rows: Sequence[Row],
    predictions: Sequence[Prediction],
    answers: Mapping[str, Answers],
    encoder: Mapping[str, Answers],
    policy: Policy,
) -> StageReport:
    """Measure the stage; ``encoder`` are the answers of the encoder to the same rows, by head."""
    fast = np.array([p.stage == "ngrams" for p in predictions], dtype=bool)
    critical = np.array([is_critical(row, policy) for row in rows], dtype=bool)
    return StageReport(
        Share(int(fast.sum()), len(fast)),
        Share(int((fast & critical).sum()), int(critical.sum())),
        {head: _head(answers[head], other, fast[other.rows]) for head, other in encoder.items()},
    )


def _head(given: Answers, encoder: Answers, fast: np.ndarray[Any, np.dtype[np.bool_]]) -> StageHead:
    count = int(fast.sum())
    return StageHead(
        Share(int((given.correct & fast).sum()), count),
        Share(int((encoder.correct & fast).sum()), count),
        macro_f1(given.truth, given.predicted),
        macro_f1(encoder.truth, encoder.predicted),
    )
