"""What is told of every answer: figures, and in monitor-only mode a line in the log."""

import logging
from collections.abc import Callable, Sequence

from tierline.serving.live.metrics import Metrics
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Made

log = logging.getLogger(__name__)
Watch = Callable[[Made], None]


def all_of(watches: Sequence[Watch]) -> Watch:
    """Return one watch of several; what breaks in one costs neither the others nor the answer."""

    def watch(made: Made) -> None:
        for one in watches:
            try:
                one(made)
            except Exception as error:
                log.error("an answer can't be watched (%s)", type(error).__name__)

    return watch


def measuring(metrics: Metrics) -> Watch:
    """Return what counts answers."""

    def watch(made: Made) -> None:
        each = max(len(made.decisions), 1)
        metrics.stage("model").observe(made.predicting / each)
        metrics.stage("policy").observe(made.recommending / each)
        for decision in made.decisions:
            _count(metrics, decision.recommendation)
            if decision.prediction is not None:
                for head, answer in decision.prediction.heads.items():
                    metrics.confidence.labels(head).observe(answer.confidence)

    return watch


def _count(metrics: Metrics, answer: Recommendation) -> None:
    metrics.answers.labels(str(answer.tier), answer.mode).inc()
    if answer.stage is not None:
        metrics.answered_by.labels(answer.stage).inc()
    if answer.review_reason is not None:
        metrics.reviews.labels(answer.review_reason.value).inc()
    for reason in answer.reasons:
        if reason.is_safety:
            metrics.safety.labels(reason.rule).inc()


def log_advice(made: Made) -> None:
    """Write down what would be done, without the ticket's words or its id."""
    for decision in made.decisions:
        answer = decision.recommendation
        fields = {
            "tier": answer.tier,
            "team": answer.team,
            "severity": answer.severity,
            "issue_type": answer.issue_type,
            "sentiment": answer.sentiment,
            "rules": [reason.rule for reason in answer.reasons],
            "review": answer.review_reason,
            "mode": answer.mode,
        }
        log.info("advice only", extra={"fields": fields})
