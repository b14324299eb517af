"""MLflow accepts connections and never answers: at the start, while it loads, and later."""

import json
import signal
import socket
from collections.abc import Iterator

import pytest

from tierline.serving.live.source import ConfiguredModel
from tierline.training.pipeline import Trained

from ..fakes import BREACH
from .app import figures, serving
from .process import PATIENCE, Server, Start

CHAMPION = "models:/tierline@champion"


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Takes connections (the system does, up to some), and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(PATIENCE)
        yield listening


def settings(silent: socket.socket, seconds: int) -> dict[str, str]:
    """MLflow's, by which it gives up once after so many seconds."""
    return {
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{silent.getsockname()[1]}",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(seconds),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    }


def answers_by_rules(server: Server) -> bool:
    status, said = server.ask("POST", "/v1/route", {"body": BREACH})
    answer = json.loads(said)
    return (status, answer["mode"], answer["tier"]) == (200, "rules_only", 3)


def test_a_server_gives_up_on_a_store_that_never_answers(
    start: Start, silent: socket.socket
) -> None:
    server = start("--model", CHAMPION, **settings(silent, 1))
    problem = "the model can't be found; see the server's log"
    status, said = server.ask("GET", "/readyz")
    assert (status, json.loads(said)) == (200, {"status": "rules_only", "problem": problem})
    assert answers_by_rules(server)
    assert server.figure("tierline_model_problem") == 1
    assert server.said("no model, answering by rules only") == 1


def test_a_server_that_waits_for_its_store_answers_and_stops(
    start: Start, silent: socket.socket
) -> None:
    server = start("--model", CHAMPION, ready=False, **settings(silent, 3600))
    asking, _ = silent.accept()
    with asking:
        server.until(lambda: server.ask("GET", "/healthz")[0] == 200)
        status, said = server.ask("GET", "/readyz")
        assert (status, json.loads(said)["status"]) == (503, "not_ready")
        assert answers_by_rules(server)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE) == -signal.SIGTERM


@pytest.mark.usefixtures("store")
def test_the_model_in_place_stays_when_its_store_falls_silent(
    trained: Trained, silent: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    registry = MlflowClient()
    version = registry.search_model_versions("name='tierline'")[0].version
    registry.set_registered_model_alias("tierline", "silence", version)
    with serving(ConfiguredModel("models:/tierline@silence")) as client:
        name = client.get("/v1/model").json()["model_version"]
        assert name is not None
        with monkeypatch.context() as later:
            for variable, value in settings(silent, 1).items():
                later.setenv(variable, value)
            refused = client.post("/v1/admin/reload")
            problem = "the model can't be found; see the server's log; the one before it answers"
            assert (refused.status_code, refused.json()["error"]) == (409, problem)
            assert client.get("/readyz").json() == {"status": "full", "problem": problem}
            answer = client.post("/v1/route", json={"body": BREACH}).json()
            assert (answer["mode"], answer["tier"], answer["model_version"]) == ("full", 3, name)
            assert figures(client)["tierline_model_problem"] == 1
        again = client.post("/v1/admin/reload").json()
        assert again == {"result": "unchanged", "model_version": name}
        assert client.get("/readyz").json() == {"status": "full", "problem": None}
    registry.delete_registered_model_alias("tierline", "silence")
