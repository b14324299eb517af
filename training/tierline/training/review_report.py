"""How many tickets a person should look at, for which reason, and what the rest is worth."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from rich.markup import escape
from rich.table import Table

from tierline.models.runtime.prediction import Prediction
from tierline.serving.routing.recommendation import Recommendation, ReviewReason
from tierline.training.answers import TIER, Answers
from tierline.training.calibrate import TARGET_ERROR
from tierline.training.safety_report import Share

_NONE: Final = "none"


@dataclass(frozen=True)
class ReviewReport:
    """``reasons`` has the share of tickets by first reason, those without one as "none".

    ``errors`` has, by head, the share of wrong answers among those that are sure enough not to be
    ``low_confidence``; the threshold was set for at most `TARGET_ERROR` of them.
    """

    reasons: Mapping[str, Share]
    errors: Mapping[str, Share]

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)

    def table(self, name: str) -> Table:
        """Return the figures as a table for people."""
        table = Table(title=f"{escape(name)}: for a person to look at, 95% intervals")
        table.add_column("first reason")
        table.add_column("tickets")
        for reason, share in self.reasons.items():
            table.add_row(reason, str(share))
        table.add_section()
        for head, share in self.errors.items():
            table.add_row(f"wrong {head} among the sure (at most {TARGET_ERROR:.0%})", str(share))
        return table


def measure_review(
    recommendations: Sequence[Recommendation],
    predictions: Sequence[Prediction],
    answers: Mapping[str, Answers],
) -> ReviewReport:
    """Count reasons, and errors among sure answers of every labelled head."""
    found = Counter(r.review_reason for r in recommendations)
    total = len(recommendations)
    reasons = {str(r): Share(found[r], total) for r in ReviewReason if found[r]}
    errors = {
        head: _errors(head, given, predictions) for head, given in answers.items() if head != TIER
    }
    return ReviewReport(reasons | {_NONE: Share(found[None], total)}, errors)


def _errors(head: str, answers: Answers, predictions: Sequence[Prediction]) -> Share:
    limits = [
        predictions[row].thresholds.get(f"low_confidence.{head}", 0.0) for row in answers.rows
    ]
    sure = answers.confidence >= limits
    return Share(int((sure & ~answers.correct).sum()), int(sure.sum()))
