"""A model is swapped in whole, under load, or refused; nobody notices but by the version."""

import asyncio
import itertools
import json
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tierline.data.errors import BundleError, InputError, ModelNotFoundError
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import HeadPrediction, Prediction
from tierline.models.runtime.predictor import Predictor
from tierline.serving.http.model_state import ModelState, Readiness, Reload
from tierline.serving.live.source import ConfiguredModel
from tierline.serving.live.warming import warmed
from tierline.serving.model_source import load_predictor, pinned
from tierline.training.pipeline import Trained

from ..fakes import BREACH, CALM, POLICY, broken, prediction, predictor
from .app import eventually, figures, serving, stop_clock


class Moving:
    """A source that can be moved to another version, or away."""

    def __init__(self) -> None:
        self.version, self.loads = "v-0", 0
        self.error: Exception | None = None
        self.say: Any = None

    def mark(self) -> str:
        if isinstance(self.error, ModelNotFoundError):
            raise self.error
        return self.version

    def __call__(self) -> Predictor:
        self.loads += 1
        if self.error:
            raise self.error
        return predictor(self.say, version=self.version)


def reload(client: TestClient) -> Any:
    return client.post("/v1/admin/reload")


def test_twenty_swaps_under_load_cost_no_request() -> None:
    source, stop = Moving(), threading.Event()
    source.say = lambda ticket: prediction()

    def ask() -> list[tuple[int, str, int]]:
        found = []
        while not stop.is_set():
            batch = {"tickets": [{"body": BREACH}, {"body": CALM}]}
            response = client.post("/v1/route/batch", json=batch)
            answers = response.json()["answers"]
            found += [(response.status_code, one["mode"], one["tier"]) for one in answers]
        return found

    with serving(source) as client, ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(ask) for _ in range(2)]
        for number in range(1, 21):
            source.version = f"v-{number}"
            said = reload(client).json()
            assert said == {"result": "swapped", "model_version": f"v-{number}"}
        stop.set()
        answered = [one for future in asking for one in future.result()]
        assert set(answered) == {(200, "full", 3), (200, "full", 1)}
        assert len(answered) > 20
        assert figures(client)['tierline_model_loads_total{result="swapped"}'] == 21


def test_what_has_not_moved_is_not_loaded_again() -> None:
    source = Moving()
    with serving(source) as client:
        assert reload(client).json()["result"] == "unchanged"
        assert source.loads == 1


@pytest.mark.parametrize(
    "error", [BundleError("/secret: altered"), ModelNotFoundError("/secret"), OSError("/secret")]
)
def test_a_bad_bundle_is_refused_and_the_old_one_stays(error: Exception) -> None:
    source = Moving()
    with serving(source) as client:
        source.version, source.error = "v-1", error
        refused = reload(client)
        assert refused.status_code == 409
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "full")
        assert ready.json()["problem"].endswith("the one before it answers")
        assert "secret" not in ready.text + refused.text
        assert client.get("/v1/model").json()["model_version"] == "v-0"
        assert client.post("/v1/route", json={"body": BREACH}).json()["mode"] == "full"
        counted = figures(client)
        assert counted["tierline_model_problem"] == 1
        assert counted['tierline_model_loads_total{result="refused"}'] == 1
        source.error = None
        assert reload(client).json() == {"result": "swapped", "model_version": "v-1"}
        assert client.get("/readyz").json()["problem"] is None
        assert figures(client)["tierline_model_problem"] == 0


def test_going_back_to_the_model_in_place_ends_the_problem() -> None:
    source = Moving()
    with serving(source) as client:
        source.version, source.error = "v-1", BundleError("altered")
        assert reload(client).status_code == 409
        source.version = "v-0"
        assert reload(client).json() == {"result": "unchanged", "model_version": "v-0"}
        assert client.get("/readyz").json()["problem"] is None


def test_a_model_that_breaks_or_talks_nonsense_is_refused() -> None:
    unsure = HeadPrediction("bug", 0.2, {"bug": 0.2, "access": 0.1})
    nan = HeadPrediction("bug", float("nan"), {"bug": float("nan"), "access": 0.1})
    with pytest.raises(BundleError, match="RuntimeError"):
        warmed(predictor(broken))
    for head in (unsure, nan):
        said = Prediction({"issue_type": head}, truncated=False, model_version="x")
        with pytest.raises(BundleError, match="add up to 1"):
            warmed(predictor(partial(_said, said)))


def _said(said: Prediction, ticket: Ticket) -> Prediction:
    return said


def test_the_request_says_nothing_about_where_the_model_is() -> None:
    with serving(Moving(), "key") as client:
        assert reload(client).status_code == 401
        headers = {"X-API-Key": "key"}
        body = {"model": "/etc", "uri": "http://169.254.169.254/"}
        found = client.post("/v1/admin/reload?model=/etc", json=body, headers=headers)
        assert found.json()["result"] == "unchanged"
        operation = client.get("/openapi.json").json()["paths"]["/v1/admin/reload"]["post"]
        assert "requestBody" not in operation
        assert "parameters" not in operation
    with serving(None) as client:
        assert reload(client).status_code == 409


def test_polling_follows_backs_off_and_recovers() -> None:
    source = Moving()
    source.error = ModelNotFoundError("MLflow is unreachable")
    state = ModelState(POLICY, source)

    def ready() -> Readiness:
        return state.readiness

    async def until(true: Callable[[], bool]) -> None:
        while not true():
            await asyncio.sleep(0.001)

    async def follow() -> None:
        await state.load()
        assert ready() is Readiness.RULES_ONLY
        following = asyncio.create_task(state.follow(0.001))
        source.error = None
        await until(lambda: ready() is Readiness.FULL)
        source.version = "v-1"
        await until(lambda: getattr(state.router.predictor, "version", "") == "v-1")
        source.error = ModelNotFoundError("MLflow is unreachable")
        await until(lambda: state.public_problem is not None)
        assert ready() is Readiness.FULL
        following.cancel()

    asyncio.run(asyncio.wait_for(follow(), 20))


def test_attempts_for_a_refused_model_get_rarer(monkeypatch: pytest.MonkeyPatch) -> None:
    state = ModelState(POLICY, Moving())
    polls = itertools.count()
    attempts: list[int] = []

    async def sleep(seconds: float) -> None:
        if next(polls) == 200:
            raise asyncio.CancelledError

    async def refused() -> Reload:
        attempts.append(0)
        return Reload.REFUSED

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(state, "reload", refused)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(state.follow(1))
    # After 1, 2, 4, 8, 16, 32, 32, … polls.
    assert len(attempts) == 10


def test_a_folder_is_followed_by_its_manifest(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_clock(monkeypatch)
    folder = tmp_path / "bundle"
    source = ConfiguredModel(str(folder))
    with pytest.raises(ModelNotFoundError, match="manifest"):
        source.mark()
    shutil.copytree(trained.out, folder)
    with serving(source) as client:
        version = client.get("/v1/model").json()["model_version"]
        body = {"body": BREACH, "created_at": "2025-03-07T12:00:00Z"}
        before = client.post("/v1/route", json=body).json()
        assert reload(client).json() == {"result": "unchanged", "model_version": version}
        manifest = folder / "manifest.json"
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"name": "newer"}))
        graph = folder / "model.int8.onnx"
        whole = graph.read_bytes()
        graph.write_bytes(whole[:1000])
        assert reload(client).status_code == 409
        assert client.post("/v1/route", json=body).json() == before
        graph.write_bytes(whole)
        found = reload(client).json()
        assert found["result"] == "swapped"
        assert found["model_version"].startswith("newer-")
        after = client.post("/v1/route", json=body).json()
        assert after | {"model_version": version} == before


@pytest.mark.usefixtures("store")
def test_an_alias_is_followed_through_the_registry(trained: Trained) -> None:
    from mlflow import MlflowClient

    registry = MlflowClient()
    source = ConfiguredModel("models:/tierline@live-test")
    with pytest.raises(ModelNotFoundError, match="promote"):
        source.mark()
    version = registry.search_model_versions("name='tierline'")[0].version
    registry.set_registered_model_alias("tierline", "live-test", version)
    assert source.mark() == str(version)
    # What was marked is loaded, wherever the alias has moved since.
    registry.delete_registered_model_alias("tierline", "live-test")
    loaded = source()
    assert loaded.version == Predictor.load(trained.out).version
    loaded.close()


def test_a_word_of_the_registry_that_moves_is_refused() -> None:
    for model in ("models:/tierline/latest", "models:/tierline/Production"):
        for ask in (ConfiguredModel, pinned, load_predictor):
            with pytest.raises(InputError, match=rf"found {model}: name an alias.*@champion"):
                ask(model)
    for model in ("models:/tierline/3", "latest/latest"):
        assert pinned(model) == model


def test_mlflow_that_is_away_leaves_the_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'none.db'}")
    with serving(ConfiguredModel("models:/tierline@champion")) as client:
        ready = client.get("/readyz").json()
        assert ready["status"] == "rules_only"
        assert ready["problem"] == "the model can't be found; see the server's log"
        assert client.post("/v1/route", json={"body": BREACH}).json()["tier"] == 3
        eventually(lambda: figures(client)["tierline_model_problem"] == 1)
