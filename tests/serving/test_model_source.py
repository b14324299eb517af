"""Where models come from: the store, and what may be said of it."""

import pytest

from tierline.data.errors import ModelNotFoundError
from tierline.serving.model_source import _registry, _without_password, load_predictor, tracking_uri

pytestmark = pytest.mark.usefixtures("apart")


@pytest.mark.parametrize(
    ("uri", "plain"),
    [
        ("https://me:secret@host:5000/x", "https://host:5000/x"),
        ("postgresql://me@host/db", "postgresql://host/db"),
        ("sqlite:///mlflow.db", "sqlite:///mlflow.db"),
        ("/a/folder", "/a/folder"),
    ],
)
def test_passwords_are_not_printed(uri: str, plain: str) -> None:
    assert _without_password(uri) == plain


@pytest.mark.parametrize(
    "said",
    [
        "API request to http://me:se/cret@host:5000/api failed with http://me:secret@host:5000/x",
        "expected http, found http://me:secret@host:5000",
        "",
    ],
)
def test_an_error_of_mlflow_quotes_no_password(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:se/cret@host:5000")
    with (
        pytest.raises(ModelNotFoundError, match="it answered: ") as found,
        _registry("models:/tierline@champion"),
    ):
        raise OSError(said)
    assert "cret" not in str(found.value)
    assert "host:5000" in str(found.value)


def test_the_store_is_mlflows_own_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tracking_uri() == "sqlite:///mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////elsewhere/none.db")
    assert tracking_uri() == "sqlite:////elsewhere/none.db"
    with pytest.raises(ModelNotFoundError, match=r"found no store at sqlite:////elsewhere"):
        load_predictor("models:/tierline@champion")
