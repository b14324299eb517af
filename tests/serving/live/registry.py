"""An MLflow store with versions of a bundle, whole and broken, and the alias that moves."""

import json
import shutil
from pathlib import Path

from mlflow import MlflowClient

from tierline.models.runtime.bundle import Bundle
from tierline.serving.model_source import BUNDLE_ARTIFACT, CHAMPION, REGISTERED_NAME


class Registry:
    """A store (made if it isn't there) and a folder beside it for the versions' files."""

    def __init__(self, folder: Path, bundle: Path) -> None:
        self.uri = f"sqlite:///{folder / 'mlflow.db'}"
        self._folder, self._bundle = folder, bundle
        self._client = MlflowClient(self.uri)
        self._client.create_registered_model(REGISTERED_NAME)

    def register(self, name: str, *, broken: bool = False) -> tuple[str, str]:
        """Return the number of a new version in the registry, and what its answers call it.

        ``broken``: half of its graph is missing.
        """
        place = self._folder / name / BUNDLE_ARTIFACT
        shutil.copytree(self._bundle, place)
        file = place / "manifest.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"name": name}))
        manifest = Bundle.load(place).manifest
        if broken:
            graph = place / manifest.serves
            graph.write_bytes(graph.read_bytes()[: graph.stat().st_size // 2])
        made = self._client.create_model_version(REGISTERED_NAME, str(self._folder / name))
        return str(made.version), manifest.version

    def promote(self, number: str) -> None:
        """Move the alias ``champion``."""
        self._client.set_registered_model_alias(REGISTERED_NAME, CHAMPION, number)
