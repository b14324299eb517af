"""Where a server's model comes from, and whether that has moved."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, runtime_checkable

from tierline.data.errors import ModelNotFoundError
from tierline.models.runtime.manifest import MANIFEST
from tierline.models.runtime.predictor import Predictor
from tierline.serving.model_source import (
    give_up_soon,
    load_predictor,
    pinned,
    refuse_moving,
    registered_bundle,
)


@runtime_checkable
class Followed(Protocol):
    """A source that says cheaply which model it would give now."""

    def __call__(self) -> Predictor:
        """Fetch, verify and load the model."""
        ...

    def mark(self) -> str:
        """Return what is another text once the source gives another model."""
        ...


class ConfiguredModel:
    """The model that ``--model`` names: a bundle's folder, or ``models:/name@alias``.

    Nothing that a request says goes into where a model comes from.

    Raises:
        InputError: for a registry's word that moves and no alias.
    """

    def __init__(self, model: str) -> None:
        refuse_moving(model)
        self._model = self._marked = model
        if model.startswith("models:/"):
            give_up_soon()

    def __call__(self) -> Predictor:
        """Fetch, verify and load the model: of a registry the version that was last marked.

        Raises:
            ModelNotFoundError: when there is none.
            BundleError: when there is one that doesn't verify.
        """
        if not self._model.startswith("models:/"):
            return load_predictor(self._model)
        # Without a place of its own, MLflow leaves every download behind.
        with TemporaryDirectory(prefix="tierline-") as place:
            return Predictor.load(registered_bundle(self._marked, Path(place)))

    def mark(self) -> str:
        """Return the version that the alias points to, or a hash of the folder's manifest.

        The manifest holds the hash of every other file.

        Raises:
            ModelNotFoundError: when there is neither.
        """
        if self._model.startswith("models:/"):
            self._marked = pinned(self._model)
            return self._marked.rpartition("/")[2]
        manifest = Path(self._model) / MANIFEST
        try:
            return hashlib.sha256(manifest.read_bytes()).hexdigest()
        except OSError as error:
            raise ModelNotFoundError(
                f"expected a model bundle's {MANIFEST} at {manifest}; it can't be read "
                f"({error.strerror}): copy the whole bundle there"
            ) from None
