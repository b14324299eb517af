"""Fit the fast stage: where the n-grams may answer alone (see `FastStage`).

The least confidence is set by conformal risk control (see `risk_control`): in every head, the share
of tickets that the stage gets wrong and the encoder right is expected to be ``alpha`` at most.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tierline.data.labels import Severity
from tierline.data.rows import Row
from tierline.models.runtime.calibration import decide, softmax
from tierline.models.runtime.heads import head_columns
from tierline.models.runtime.manifest import Fast, Head
from tierline.serving.policy import Policy
from tierline.serving.routing.caution import INCIDENTS
from tierline.training.calibrate import fit_temperature
from tierline.training.certify import is_critical
from tierline.training.risk_control import lacking
from tierline.training.targets import ABSENT, HeadLabels

#: An incident, or P1, that seems this likely to the n-grams is near: the encoder answers.
_INCIDENT: Final = 0.02
#: Digits of the probabilities that the runtime compares: what it sees is what is judged here.
_DIGITS: Final = 6
#: A stage that answers a smaller share isn't worth its place.
_LEAST_ANSWERED: Final = 0.05


@dataclass(frozen=True)
class FastFit:
    """The stage, None where it would be wrong too often or answer too little; ``why`` in words."""

    stage: Fast | None
    why: str


@dataclass(frozen=True, eq=False)
class _Judged:
    """One head on the validation rows: answers' probability, and whether only the encoder is right.

    ``confidence`` (rows,), ``worse`` (rows,); ``count`` rows have a label.
    """

    confidence: NDArray[np.float64]
    worse: NDArray[np.bool_]
    count: int


def fit_fast(
    heads: Sequence[Head],
    rows: Sequence[Row],
    ngrams: NDArray[np.float32],
    whole: NDArray[np.float32],
    bias: NDArray[np.float32],
    alpha: float,
    policy: Policy,
) -> FastFit:
    """Return the stage that the validation rows allow at ``alpha``.

    ``heads`` are calibrated for ``whole``, the whole model's logits (rows, labels); ``ngrams``, of
    the same shape and with ``bias`` in it, are those of the n-grams alone. No validation ticket
    that must not be missed, and in which the encoder sees an incident near, is left to the stage;
    the policy says which severities are P1.
    """
    own = [
        head.model_copy(update={"temperature": fit_temperature(ngrams[:, part], targets)})
        for head, part, targets in _targets(heads, rows)
    ]
    judged = [
        _judged(head, ngrams[:, part], known, whole[:, part], targets)
        for head, (known, part, targets) in zip(own, _targets(heads, rows), strict=True)
    ]
    counts = [j.count for j in judged if j.count]
    if lack := max((lacking(count, alpha) for count in counts), default=1):
        text = f"{lack} more validation tickets are needed for a risk of {alpha * 100:.3g}%"
        return FastFit(None, f"no fast stage: {text}")
    watched = tuple(_watched(heads, policy))
    near, seen = (_near(h, logits, watched) for h, logits in ((own, ngrams), (heads, whole)))
    critical = seen & [is_critical(row, policy) for row in rows]
    confidence = np.where(near, -1.0, np.min([j.confidence for j in judged], axis=0))
    limit = _lowest(confidence, judged, critical, alpha)
    answered = 0.0 if limit is None else float((confidence >= limit).mean())
    if limit is None or answered < _LEAST_ANSWERED:
        text = f"the n-grams would be sure enough of {answered:.1%} of the tickets only"
        return FastFit(None, f"no fast stage: {text}")
    misses = [(int((j.worse & (confidence >= limit)).sum()), j.count) for j in judged if j.count]
    worst, count = max(misses, key=lambda found: found[0] / found[1])
    stage = Fast(
        bias=tuple(float(b) for b in bias),
        temperatures=tuple(head.temperature for head in own),
        confidence=limit,
        watched=watched,
        incident=_INCIDENT,
        alpha=alpha,
        misses=worst,
        count=count,
        answered=answered,
    )
    return FastFit(stage, stage.statement)


def _targets(
    heads: Sequence[Head], rows: Sequence[Row]
) -> Iterator[tuple[Head, slice, NDArray[np.int64]]]:
    for head, part in head_columns(heads):
        yield head, part, HeadLabels(head.name, head.labels).targets(rows)


def _judged(
    own: Head,
    ngrams: NDArray[np.float32],
    known: Head,
    whole: NDArray[np.float32],
    targets: NDArray[np.int64],
) -> _Judged:
    likely = softmax(ngrams, own.temperature)
    fast = decide(likely, own.quantile)
    slow = decide(softmax(whole, known.temperature), known.quantile)
    labelled = targets != ABSENT
    worse = labelled & (fast != targets) & (slow == targets)
    confidence = likely[np.arange(len(fast)), fast].round(_DIGITS)
    return _Judged(confidence, worse, int(labelled.sum()))


def _near(
    heads: Sequence[Head], logits: NDArray[np.float32], watched: Sequence[int]
) -> NDArray[np.bool_]:
    """Return for which rows one of the watched labels is likely enough to be looked into."""
    likely = np.concatenate(
        [softmax(logits[:, part], head.temperature) for head, part in head_columns(heads)], axis=1
    )
    near: NDArray[np.bool_] = likely[:, watched].round(_DIGITS).max(axis=1, initial=0) >= _INCIDENT
    return near


def _watched(heads: Sequence[Head], policy: Policy) -> Iterator[int]:
    """Yield the columns of the incidents' labels, and of those that the policy reads as P1."""
    for head, part in head_columns(heads):
        for column, label in zip(range(part.start, part.stop), head.labels, strict=True):
            is_p1 = head.name == "severity" and policy.severity_of(label) is Severity.P1
            if is_p1 or (head.name == "issue_type" and label in INCIDENTS):
                yield column


def _lowest(
    confidence: NDArray[np.float64],
    judged: Sequence[_Judged],
    critical: NDArray[np.bool_],
    alpha: float,
) -> float | None:
    """Return the lowest limit that keeps every head's risk, and every critical ticket out."""
    order = np.argsort(-confidence, kind="stable")
    sure = confidence[order]
    good = (sure >= 0) & ~np.logical_or.accumulate(critical[order])
    for head in judged:
        if head.count:
            good &= (np.cumsum(head.worse[order]) + 1) / (head.count + 1) <= alpha
    falls = np.append(np.diff(sure) < 0, True)  # equal ones stand or fall together
    last = np.flatnonzero(good & falls)
    return float(sure[last[-1]]) if len(last) else None
