"""What a process of a launch does when it isn't the main one: its share of the training."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tierline.data.corpus import load_corpus
from tierline.data.quarantine import Quarantine
from tierline.training.fit import fit
from tierline.training.recipe import Recipe


def train_along(files: Sequence[Path], mapping: Mapping[str, str], recipe: Recipe) -> None:
    """Read the same tickets as the main process and share its training (see `parallel`).

    Nothing is said, kept or tracked: the main process, in `pipeline.train`, does the rest alone.

    Raises:
        InputError: for unusable files or settings.
        LaunchError: when the processes can't train together, or one of them has stopped.
    """
    with (
        TemporaryDirectory() as scratch,
        Quarantine(Path(scratch) / "quarantine.jsonl") as quarantine,
    ):
        corpus = load_corpus(files, mapping, quarantine, recipe.seed)
    fit(corpus, recipe, lambda _: None, lambda _epoch, _scores: None)
