"""The heads' places among a model's logits, and what a head answers from its own."""

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from tierline.models.runtime.calibration import decide, softmax
from tierline.models.runtime.manifest import Head
from tierline.models.runtime.prediction import Floats, HeadPrediction


def head_columns(heads: Sequence[Head]) -> tuple[tuple[Head, slice], ...]:
    """Return each head with the columns of the logits that are its own."""
    return tuple(zip(heads, column_slices([len(h.labels) for h in heads]), strict=True))


def column_slices(sizes: Sequence[int]) -> Iterator[slice]:
    """Yield consecutive slices of the given sizes."""
    return (slice(a, b) for a, b in pairwise(accumulate(sizes, initial=0)))


def answer(head: Head, logits: Floats) -> HeadPrediction:
    """Return a head's calibrated answer from its logits (labels,)."""
    probabilities = softmax(logits, head.temperature)
    best = int(decide(probabilities, head.quantile))
    by_name = {n: round(float(p), 6) for n, p in zip(head.labels, probabilities, strict=True)}
    return HeadPrediction(head.labels[best], by_name[head.labels[best]], by_name, head.quantile)
