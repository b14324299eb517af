"""Which tier the whole decision gives, beside the tier that the true labels would give."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np

from tierline.data.rows import Row
from tierline.data.ticket import Ticket
from tierline.models.runtime.manifest import Head
from tierline.models.runtime.prediction import HeadPrediction, Prediction
from tierline.serving.policy import TIERS, Policy
from tierline.serving.routing.recommend import recommend
from tierline.serving.routing.recommendation import Recommendation
from tierline.training.answers import TIER, Answers

TIER_LABELS: Final = tuple(map(str, TIERS))
#: Tickets are routed at the instant they were filed; this stands in where none is given.
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)


def recommended(
    rows: Sequence[Row], predictions: Sequence[Prediction], policy: Policy
) -> tuple[Recommendation, ...]:
    """Return the recommendation for every row."""
    return tuple(decide(r, p, policy) for r, p in zip(rows, predictions, strict=True))


def routed(
    rows: Sequence[Row], predictions: Sequence[Prediction], policy: Policy
) -> tuple[str, ...]:
    """Return the recommended tier of every row."""
    return tuple(str(r.tier) for r in recommended(rows, predictions, policy))


def tier_answers(
    heads: Sequence[Head],
    rows: Sequence[Row],
    predictions: Sequence[Prediction],
    tiers: Sequence[str],
    policy: Policy,
) -> Answers | None:
    """Return the tiers of the rows labelled in every head with labels that the policy knows.

    None where there is no such row, or where all of them belong in one tier: an answer that can't
    be wrong measures nothing, and labels that the policy doesn't know all get one tier.

    The true tier is what `recommend` says when it is given the true labels, so a safety rule's
    false alarm raises both sides; the safety table counts those. An answer is as sure as the
    least sure of its labels.
    """
    names = [head.name for head in heads]
    whole = [i for i, row in enumerate(rows) if _is_told(row.labels, names, policy)]
    labelled = (_as_labelled(rows[i].labels, heads) for i in whole)
    truth = routed([rows[i] for i in whole], list(labelled), policy)
    if len(set(truth)) < 2:  # noqa: PLR2004
        return None
    return Answers(
        TIER,
        TIER_LABELS,
        np.array(whole, dtype=np.int64),
        np.array([TIER_LABELS.index(t) for t in truth], dtype=np.int64),
        np.array([TIER_LABELS.index(tiers[i]) for i in whole], dtype=np.int64),
        np.array([min(predictions[i].heads[n].confidence for n in names) for i in whole]),
    )


def decide(row: Row, prediction: Prediction | None, policy: Policy) -> Recommendation:
    """Return the decision about a row, at the time that it came."""
    return recommend(unstated(row.ticket), prediction, policy, row.ticket.created_at or _NOW)


def unstated(ticket: Ticket) -> Ticket:
    """Return the ticket as it came, without what people made of it: the model is measured.

    Their severity and assessment, and where they put or locked it, would count as its answers.
    """
    update = dict.fromkeys(("stated_severity", "assessment", "current_tier", "team"))
    return ticket.model_copy(update=update | {"locked_by_human": False})


def _is_told(labels: Mapping[str, str], heads: Sequence[str], policy: Policy) -> bool:
    return all(h in labels and policy.knows(h, labels[h]) for h in heads)


def _as_labelled(labels: Mapping[str, str], heads: Sequence[Head]) -> Prediction:
    """Return what a model that is always right and always sure would have predicted."""
    sure = {h.name: _sure(labels[h.name], h.labels) for h in heads}
    return Prediction(sure, truncated=False, model_version="labels")


def _sure(label: str, others: Sequence[str]) -> HeadPrediction:
    return HeadPrediction(label, 1.0, dict.fromkeys(others, 0.0) | {label: 1.0})
