"""The fast stage: n-grams answer the plain tickets alone, the encoder answers the others.

A cascade in which the cheap stage abstains where it isn't sure (Geifman and El-Yaniv, "Selective
Classification for Deep Neural Networks", arXiv:1705.08500). Whether it answers depends on nothing
but the ticket's own words, so single calls and batches agree.
"""

from collections.abc import Mapping

import numpy as np

from tierline.models.runtime.heads import answer, head_columns
from tierline.models.runtime.manifest import Fast, Manifest
from tierline.models.runtime.prediction import Floats, HeadPrediction


class FastStage:
    """Answers where it is sure in every head and no incident is near.

    ``bias`` (labels,) is to be added to the n-gram model's unscaled contributions.
    """

    def __init__(self, manifest: Manifest, fast: Fast) -> None:
        """Take what was learned of the stage: ``fast`` is the manifest's."""
        own = zip(manifest.heads, fast.temperatures, strict=True)
        heads = [head.model_copy(update={"temperature": t}) for head, t in own]
        self._columns = head_columns(heads)
        self._fast = fast
        self.bias = np.asarray(fast.bias, dtype=np.float32)

    def answer(self, logits: Floats) -> Mapping[str, HeadPrediction] | None:
        """Return the answer by head from the n-gram model's logits (labels,), None if unsure."""
        found = {head.name: answer(head, logits[columns]) for head, columns in self._columns}
        if min(head.confidence for head in found.values()) < self._fast.confidence:
            return None
        likely = [p for head in found.values() for p in head.probabilities.values()]
        near = any(likely[column] >= self._fast.incident for column in self._fast.watched)
        return None if near else found
