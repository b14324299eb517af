"""What a model gives for the tickets of both files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tierline.models.runtime.prediction import Floats
from tierline.models.runtime.predictor import Predictor
from tierline.training.drift.sample import Sample

#: Tickets that are answered between two signs of progress.
_CHUNK: Final = 64


@dataclass(frozen=True, eq=False)
class Answered:
    """What a model gives for n tickets; ``vectors`` (n, dimensions) is None from an old bundle.

    By head, ``labels`` (n,) are indices and ``confidence`` (n,) is from 0 to 1.
    """

    labels: Mapping[str, NDArray[np.int64]]
    confidence: Mapping[str, NDArray[np.float64]]
    vectors: Floats | None


def answer(
    predictor: Predictor, samples: Sequence[Sample], progress: Callable[[float], None]
) -> Answered:
    """Answer the tickets of all samples, in order."""
    tickets = [t for s in samples for t in s.tickets]
    heads = predictor.manifest.heads
    labels: dict[str, list[int]] = {h.name: [] for h in heads}
    confidence: dict[str, list[float]] = {h.name: [] for h in heads}
    vectors: list[Floats] = []
    for start in range(0, len(tickets), _CHUNK):
        chunk = tickets[start : start + _CHUNK]
        predictions = predictor.predict(chunk)
        for head in heads:
            answers = [p.heads[head.name] for p in predictions]
            labels[head.name] += [head.labels.index(a.label) for a in answers]
            confidence[head.name] += [a.confidence for a in answers]
        if any(p.embedding is None for p in predictions) and predictor.manifest.fast:
            vectors += [*predictor.embeddings(chunk)]
        else:
            vectors += [p.embedding for p in predictions if p.embedding is not None]
        progress((start + len(predictions)) / len(tickets))
    return Answered(
        {h: np.array(x, dtype=np.int64) for h, x in labels.items()},
        {h: np.array(x) for h, x in confidence.items()},
        np.stack(vectors) if len(vectors) == len(tickets) else None,
    )
