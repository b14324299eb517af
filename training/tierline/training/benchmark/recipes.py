"""Which recipe the benchmark trains Tierline with."""

from tierline.data.corpus import Corpus
from tierline.training.recipe import Recipe


def recipe_for(corpus: Corpus, seed: int) -> Recipe:
    """Return what `tierline train` would use by default on this corpus."""
    return Recipe(seed=seed)
