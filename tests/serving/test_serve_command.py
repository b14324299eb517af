"""`tierline serve` and `tierline key`: what they check before anything listens."""

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn

from tierline.data.errors import InputError, PolicyError
from tierline.serving.commands import app
from tierline.serving.http.keys import ApiKeys

from .called import output, refusal, runner

pytestmark = pytest.mark.usefixtures("apart")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr("uvicorn.run", lambda app, **options: calls.append(options))
    monkeypatch.setattr("tierline.serving.commands.running.set_up", lambda chosen: None)
    return calls


def test_serve_binds_to_this_machine(served: list[dict[str, Any]]) -> None:
    output("serve", "--rules-only", "--port", "8123")
    assert [(call["host"], call["port"]) for call in served] == [("127.0.0.1", 8123)]


def test_serve_leaves_uvloop_alone_where_it_is_installed(
    served: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", SimpleNamespace(new_event_loop=None))
    output("serve", "--rules-only")
    (options,) = served
    make_loop = uvicorn.Config(lambda: None, **options).get_loop_factory()
    assert make_loop is asyncio.SelectorEventLoop


def test_workers_that_start_slowly_are_given_time(
    served: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TIERLINE_WORKER_SETTINGS", "PROMETHEUS_MULTIPROC_DIR"):
        monkeypatch.setenv(name, "")  # so that what is set there is taken back
    output("serve", "--rules-only", "--workers", "2")
    (call,) = served
    assert call["workers"] == 2
    assert call["timeout_worker_healthcheck"] > 5  # uvicorn's own: imports alone may take it


def test_serve_answers_the_world_with_keys_or_consent_only(
    served: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    public = ("serve", "--rules-only", "--host", "0.0.0.0")  # noqa: S104
    assert "TIERLINE_API_KEYS" in refusal(InputError, *public)
    assert served == []
    output(*public, "--allow-open")
    monkeypatch.setenv("TIERLINE_API_KEYS", "first")
    output(*public)
    assert len(served) == 2


def test_serve_stops_some_time(served: list[dict[str, Any]]) -> None:
    said = refusal(InputError, "serve", "--rules-only", "--drain", "inf")
    assert "--drain: expected a number of seconds; found inf: say" in said
    assert served == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_needs_a_place_for_the_figures_that_several_share(
    served: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    monkeypatch.setenv("TIERLINE_WORKER_SETTINGS", "")  # so that what is set there is taken back
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "none"))
    said = refusal(InputError, "serve", "--rules-only", "--workers", workers)
    assert "PROMETHEUS_MULTIPROC_DIR: expected a folder" in said
    assert "make it, or unset the variable" in said
    assert served == []
    (tmp_path / "none").mkdir()
    output("serve", "--rules-only", "--workers", workers)
    assert len(served) == 1


def test_serve_checks_the_policy_before_it_starts(
    served: list[dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "own.toml").write_text("colour = 1")
    assert "colour: unknown key" in refusal(PolicyError, "serve", "--policy", "own.toml")
    assert served == []


def test_serve_checks_hashes_before_it_starts(
    served: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERLINE_API_KEYS", "sha256:short")
    assert "64 hexadecimal" in refusal(InputError, "serve", "--rules-only", "--workers", "2")
    assert served == []


def test_key_makes_keys_and_hashes() -> None:
    said = dict(line.split(": ", 1) for line in output("key").splitlines())
    key, hash_ = said["key"].strip(), said["hash"].strip()
    assert ApiKeys.parse(hash_).admit(key)
    again = runner.invoke(app, ["key", "--hash"], input=f"{key}\n")
    assert again.output.strip() == hash_
    nothing = runner.invoke(app, ["key", "--hash"], input="\n")
    assert isinstance(nothing.exception, InputError)
