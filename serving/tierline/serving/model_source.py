"""Where the model comes from: a folder, or MLflow's registry by URI."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tierline.data.errors import InputError, ModelNotFoundError
from tierline.models.runtime.graph import Device
from tierline.models.runtime.predictor import Predictor

REGISTERED_NAME: Final = "tierline"
CHAMPION: Final = "champion"
CHAMPION_URI: Final = f"models:/{REGISTERED_NAME}@{CHAMPION}"
#: Where the bundle lies within the artefacts of a registered model.
BUNDLE_ARTIFACT: Final = "artifacts/bundle"
DEFAULT_STORE: Final = "sqlite:///mlflow.db"
#: MLflow tries for minutes by default; a server asks again anyway, and so can a person.
_SOON: Final = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}
#: User and password in a URI.
_USER: Final = re.compile(r"://[^\s/?#]*@")
_HOW_TO_GET_ONE: Final = (
    "Train one and make it the champion:\n"
    "  tierline train FILES... --out DIR && tierline promote\n"
    "or name a bundle with --model DIR, or answer without a model: --rules-only"
)


def give_up_soon() -> None:
    """Have MLflow give up on a store that doesn't answer, unless its own variables say when."""
    for name, value in _SOON.items():
        os.environ.setdefault(name, value)


def load_predictor(model: str, device: Device = Device.CPU) -> Predictor:
    """Load the model that ``--model`` names: a bundle's folder, or ``models:/name@alias``.

    Raises:
        InputError: for a registry's word that moves, see `refuse_moving`, or without the device.
        ModelNotFoundError: when there is none, saying how to get one.
        BundleError: when there is one that doesn't verify.
    """
    return Predictor.load(bundle_folder(model), device=device)


def bundle_folder(model: str) -> Path:
    """Return the folder of the bundle that ``--model`` names.

    Raises:
        InputError: for a registry's word that moves, see `refuse_moving`.
        ModelNotFoundError: when there is none, saying how to get one.
    """
    if model.startswith("models:/"):
        refuse_moving(model)
        return registered_bundle(model)
    folder = Path(model)
    if not folder.is_dir():
        raise ModelNotFoundError(
            f"expected a model bundle at {folder}; found no such folder. " + _HOW_TO_GET_ONE
        )
    return folder


def pinned(model: str) -> str:
    """Return where a model lies for as long as a job runs: an alias as the version it names now.

    Raises:
        InputError: for a registry's word that moves, see `refuse_moving`.
        ModelNotFoundError: when the registry can't say.
    """
    refuse_moving(model)
    name, at, alias = model.removeprefix("models:/").partition("@")
    if not model.startswith("models:/") or not at:
        return model
    with _registry(model):
        from mlflow import MlflowClient

        found = MlflowClient().get_model_version_by_alias(name, alias)
    return f"models:/{name}/{found.version}"


def refuse_moving(model: str) -> None:
    """Refuse a registry's own word for a version, such as ``latest``: nobody is told of its moves.

    Raises:
        InputError: saying what may be named.
    """
    _, slash, version = model.removeprefix("models:/").partition("/")
    if model.startswith("models:/") and slash and not version.isdecimal():
        raise InputError(
            "expected a registered model as models:/NAME@ALIAS or models:/NAME/NUMBER; found "
            f"{model}: name an alias, such as {CHAMPION_URI}, or a version's number"
        )


def tracking_uri() -> str:
    """Return MLflow's tracking URI: the usual environment variable, else SQLite in this folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_STORE


def registered_bundle(uri: str, into: Path | None = None) -> Path:
    """Return the folder of a registered bundle: ``models:/name@alias`` or ``models:/name/version``.

    ``into``: a folder to copy it into; otherwise it may stay where MLflow keeps it.

    Raises:
        ModelNotFoundError: when there is none, saying how to get one.
    """
    with _registry(uri):
        import mlflow

        place = None if into is None else str(into)
        return Path(mlflow.artifacts.download_artifacts(uri, dst_path=place)) / BUNDLE_ARTIFACT


@contextmanager
def _registry(uri: str) -> Iterator[None]:
    """Set MLflow up to look ``uri`` up; what it answers instead becomes one error."""
    store = tracking_uri()
    if store.startswith("sqlite:///") and not Path(store.removeprefix("sqlite:///")).is_file():
        raise ModelNotFoundError(
            f"expected {uri} in MLflow's store; found no store at {store}. {_HOW_TO_GET_ONE}"
        )
    try:
        import mlflow
        from mlflow.exceptions import MlflowException
    except ImportError:
        raise ModelNotFoundError(
            f"{uri} needs MLflow to be looked up: pip install 'tierline[registry]', "
            "or name the bundle's folder with --model DIR"
        ) from None
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    mlflow.set_tracking_uri(store)
    try:
        yield
    except (MlflowException, OSError) as error:
        raise ModelNotFoundError(
            f"expected {uri} in {store_said(error)}. {_HOW_TO_GET_ONE}"
        ) from None


def store_said(error: Exception) -> str:
    """Return which store an error of MLflow's came from and what it says, without passwords."""
    store = tracking_uri()
    return f"MLflow's store {_without_password(store)}; it answered: {_first_line(error, store)}"


def _first_line(error: Exception, store: str) -> str:
    """Return what an error says first, without the user and password of any URI in it."""
    text = str(error).strip().replace(store, _without_password(store))
    first = without_user(text).partition("\n")[0].rstrip(".")
    return first or type(error).__name__


def without_user(text: str) -> str:
    """Return a text without the user and password of any URI in it."""
    return _USER.sub("://", text)


def _without_password(uri: str) -> str:
    """Return the URI without user and password, which may be secrets."""
    scheme, found, rest = uri.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if found else uri
