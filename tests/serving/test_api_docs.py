"""What the API says of itself: every field, no other server, and silence where wanted."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tierline.data.errors import InputError
from tierline.serving.helpdesk.hook import HOOKS
from tierline.serving.helpdesk.secrets import VARIABLES, HookSecrets
from tierline.serving.http.api import create_app
from tierline.serving.http.documentation import docs_wanted, fields_of
from tierline.serving.http.field_texts import OWN, TEXTS
from tierline.serving.http.hook_bodies import BODIES
from tierline.serving.http.keys import ApiKeys
from tierline.serving.store.engine import Database
from tierline.serving.store.opening import open_store
from tierline.serving.store.setup import make

from .fakes import POLICY


def client(**settings: Any) -> TestClient:
    return TestClient(create_app(POLICY, None, ApiKeys.parse(""), **settings))


RELOAD = "/v1/admin/reload"
SCHEMA = client().get("/openapi.json").json()


def test_every_field_and_parameter_says_what_it_means() -> None:
    silent = [f"{name}.{field}" for name, field, p in fields_of(SCHEMA) if "description" not in p]
    assert silent == []
    parameters = [q for path in SCHEMA["paths"].values() for operation in path.values()
                  for q in operation.get("parameters", ())]  # fmt: skip
    assert parameters
    assert all(parameter.get("description") for parameter in parameters)


def test_no_text_is_left_of_a_field_that_is_gone() -> None:
    own = {f"{name}.{field}" for name, field, _ in fields_of(SCHEMA)}
    assert OWN.keys() - own == set()
    assert TEXTS.keys() - {field for _, field, _ in fields_of(SCHEMA)} == set()


def test_every_resource_that_takes_a_body_shows_one() -> None:
    for path, methods in SCHEMA["paths"].items():
        for method in methods.keys() & {"post", "put"}:
            bare = "exclusions" in path or path == RELOAD
            assert "requestBody" in methods[method] or bare, path


@pytest.mark.parametrize("desk", ["zendesk", "jira", "freshdesk"])
def test_the_hooks_examples_are_bodies_that_they_read(
    desk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = BODIES[f"/v1/hooks/{desk}"]["content"]["application/json"]["schema"]["examples"][0]
    secrets = HookSecrets(dict.fromkeys(VARIABLES, b"0123456789abcdef"))
    for known in HOOKS.values():
        monkeypatch.setitem(known.__dict__, "signed", lambda *_: True)
        monkeypatch.setitem(known.__dict__, "window", None)
    response = client(hooks=secrets).post(f"/v1/hooks/{desk}", json=body)
    assert response.status_code == 200, response.text
    assert response.json()["tier"] == 1
    assert response.json()["set"]


def test_the_pages_load_nothing_from_elsewhere() -> None:
    served = client()
    for page in ("/docs", "/redoc"):
        text = served.get(page).text
        sources = re.findall(r'(?:src|href)="([^"]+)"', text)
        assert sources
        assert all(source.startswith("/") for source in sources)
        assert all(served.get(source).status_code == 200 for source in sources)


PAGE = Path(__file__).parents[2] / "serving" / "docs" / "api.md"
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # noqa: S105 (Zendesk's own for testing)
#: In curl's place: tells each call's arguments, as the shell has made them.
TELL = "curl() { for given; do printf '%s\\0' \"$given\"; done; printf '\\0'; }\n"


def calls(block: str) -> list[list[str]]:
    """Run a block as a reader's shell does, and return what curl was called with."""
    secrets = dict.fromkeys(VARIABLES.values(), SECRET)
    done = subprocess.run(
        ["/bin/sh", "-euc", TELL + block], check=True, stdout=subprocess.PIPE,
        cwd=PAGE.parents[2], env={"PATH": os.environ["PATH"], **secrets},
    )  # fmt: skip
    return [call.split("\0") for call in done.stdout.decode().split("\0\0") if call]


def asked(call: list[str]) -> tuple[str, str, dict[str, str], bytes]:
    """Return method, path, headers and body, as curl makes them of its arguments."""
    (url,) = (word for word in call if word.startswith("localhost:8000/"))
    options = [word for word in call if word != url]
    found = dict(zip(options[::2], options[1::2], strict=True))
    assert found.keys() <= {"-X", "-H", "-d", "--data-binary"}
    pairs = zip(options[::2], options[1::2], strict=True)
    headers = dict(value.split(": ", 1) for name, value in pairs if name == "-H")
    given = found.get("--data-binary", found.get("-d", ""))
    body = given.encode()
    if given.startswith("@"):
        body = (PAGE.parents[2] / given[1:]).read_bytes()
        if "-d" in found:  # curl takes a file's line breaks out, then
            body = body.replace(b"\r", b"").replace(b"\n", b"")
    method = found.get("-X", "POST" if body else "GET")
    return method, url.removeprefix("localhost:8000"), headers, body


def test_the_page_shows_every_resource_and_every_request_works(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    make(Database(url))
    hooks = HookSecrets(dict.fromkeys(VARIABLES, SECRET.encode()))
    shown = set()
    with client(store=open_store(url, tmp_path / "spool"), hooks=hooks) as served:
        for call in (call for block in BLOCKS for call in calls(block)):
            method, path, headers, body = asked(call)
            response = served.request(method, path, content=body or None, headers=headers)
            # This server has no model to load anew.
            fine = (409,) if path == RELOAD else (200, 204)
            assert response.status_code in fine, (path, response.text)
            shown.add((method.lower(), path))
    for path, methods in SCHEMA["paths"].items():
        like = re.compile(re.sub(r"{\w+}", "[^/]+", path))
        for method in methods:
            assert any(m == method and like.fullmatch(p) for m, p in shown), (method, path)


def test_they_can_be_switched_off() -> None:
    silent = client(docs=False)
    for page in ("/docs", "/redoc", "/openapi.json"):
        assert silent.get(page).status_code == 404
    assert silent.post("/v1/route", json={"body": "hello"}).status_code == 200
    for refused in (silent.post("/v1/route", json={"q": 1}), silent.get("/none")):
        assert refused.json()["error"]
        assert "/docs" not in refused.text


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(None, True), ("", True), (" ", True), ("on", True), (" OFF ", False), ("no", None)],
)
def test_the_environment_says_whether(value: str | None, wanted: bool | None) -> None:
    environment = {} if value is None else {"TIERLINE_DOCS": value}
    if wanted is None:
        with pytest.raises(InputError, match="TIERLINE_DOCS: expected on or off"):
            docs_wanted(environment)
    else:
        assert docs_wanted(environment) is wanted
