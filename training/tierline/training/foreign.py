"""How well texts that a bundle isn't for are told from tickets that it is for."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rich.markup import escape
from rich.table import Table
from scipy.stats import rankdata

from tierline.models.runtime.prediction import Prediction
from tierline.training.metrics import RESAMPLES, SEED, Figure
from tierline.training.safety_report import Share
from tierline.training.strangeness import FALSE_ALARMS, scores_named

#: What the scores have to beat: how unsure the least sure head is.
UNSURE: Final = "unsure (yardstick)"


@dataclass(frozen=True)
class Told:
    """How one score tells foreign texts from the evaluated tickets.

    ``auroc`` is the chance that a foreign text scores higher than a ticket, 0.5 for no better than
    guessing; texts too short to have the score are left out of it. ``found`` are foreign texts
    above the bundle's threshold, ``alarms`` tickets above it; None where there is no threshold.
    """

    auroc: Figure | None
    found: Share | None
    alarms: Share | None


@dataclass(frozen=True)
class Foreign:
    """What was measured with one file of foreign texts; ``told`` is by score."""

    name: str
    count: int
    told: Mapping[str, Told]

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)

    def table(self, against: str) -> Table:
        """Return the figures as a table for people."""
        title = f"{self.name} ({self.count} texts) told from {against}, 95% intervals"
        table = Table(title=escape(title))
        for column in ("score", "AUROC", "found at the threshold", "false alarms on tickets"):
            table.add_column(column)
        for score, told in self.told.items():
            shares = ("–" if s is None else str(s) for s in (told.found, told.alarms))
            table.add_row(score, "–" if told.auroc is None else str(told.auroc), *shares)
        return table


def measure_foreign(
    name: str, texts: Sequence[Prediction], tickets: Sequence[Prediction]
) -> Foreign:
    """Measure every score on predictions for foreign ``texts`` and for evaluated ``tickets``."""
    told = {score: _told(score, texts, tickets) for score in FALSE_ALARMS}
    told[UNSURE] = Told(auroc(_unsure(texts), _unsure(tickets)), None, None)
    return Foreign(name, len(texts), told)


def auroc(foreign: NDArray[np.float64], own: NDArray[np.float64]) -> Figure | None:
    """Return the area under the ROC curve, with a bootstrap interval; None without scores."""
    if not len(foreign) or not len(own):
        return None
    rng = np.random.default_rng(SEED)
    draws = [
        _area(rng.choice(foreign, len(foreign)), rng.choice(own, len(own)))
        for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(draws, [2.5, 97.5])
    return Figure(_area(foreign, own), float(low), float(high))


def _area(foreign: NDArray[np.float64], own: NDArray[np.float64]) -> float:
    """Return Mann and Whitney's share of pairs in which the foreign one is higher, ties by half."""
    n, m = len(foreign), len(own)
    ranks = rankdata(np.concatenate([foreign, own]))
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def _told(score: str, texts: Sequence[Prediction], tickets: Sequence[Prediction]) -> Told:
    area = auroc(scores_named(score, texts), scores_named(score, tickets))
    return Told(area, _above(score, texts), _above(score, tickets))


def _above(score: str, predictions: Sequence[Prediction]) -> Share | None:
    limits = [p.thresholds.get(score) for p in predictions]
    if not limits or None in limits:
        return None
    hits = sum(p.scores.get(score, -np.inf) > p.thresholds[score] for p in predictions)
    return Share(hits, len(predictions))


def _unsure(predictions: Sequence[Prediction]) -> NDArray[np.float64]:
    return np.array([1 - min(h.confidence for h in p.heads.values()) for p in predictions])
