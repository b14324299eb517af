"""Sides of a contest made by hand: no model is needed to test what judges them."""

from collections.abc import Mapping, Sequence

from tierline.data.labels import LABELS
from tierline.models.runtime.certificate import Certificate, Misses
from tierline.serving.policy import Policy, load_policy
from tierline.training.answers import TIER, Answers
from tierline.training.evaluate import Evaluation
from tierline.training.retraining.gate import Shared, Side, Verdict, judge
from tierline.training.review_report import ReviewReport
from tierline.training.routing import TIER_LABELS

from ..made_answers import answers

POLICY = load_policy()
SEVERITIES = LABELS["severity"]
PROMISE = Certificate(
    alpha=0.02,
    threshold=0.2,
    calibration=Misses(misses=4, count=249),
    raised=0.02,
    digest="0",
    lacking=0,
    test=Misses(misses=5, count=250),
    bound=0.04,
)
SHARED = Shared(1.0, 0, 0)
CASES = {f"s{i}": i < 8 for i in range(10)}


def policy(**gate: object) -> Policy:
    return POLICY.model_copy(update={"gate": POLICY.gate.model_copy(update=gate)})


def side(
    truth: Sequence[int],
    predicted: Sequence[int],
    *,
    tiers: Sequence[int] | None = None,
    certificate: Certificate | None = PROMISE,
    raised: Mapping[str, bool] = CASES,
) -> Side:
    """Return a side that answers severity, and every ticket's tier as ``tiers`` says."""
    severity = answers("severity", SEVERITIES, truth, predicted)
    tier = answers(TIER, TIER_LABELS, [2] * len(truth), tiers or [2] * len(truth))
    known = {"severity": frozenset(SEVERITIES)}
    return Side(evaluation(severity, tier), certificate, known, known, raised, 100, 100)


def evaluation(*given: Answers) -> Evaluation:
    by_head = {a.head: a for a in given}
    return Evaluation(
        "test", len(given[0].rows), {}, {}, {}, by_head, {}, {}, None, ReviewReport({}, {})
    )


def named(
    challenger: Side, champion: Side | None, shared: Shared = SHARED, rules: Policy = POLICY
) -> dict[str, Verdict]:
    return {v.name: v for v in judge(challenger, champion, shared, rules)}


def missed(misses: int) -> Certificate:
    """Return the promise with so many of its 250 test tickets missed."""
    return PROMISE.model_copy(update={"test": Misses(misses=misses, count=250)})
