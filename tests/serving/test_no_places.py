"""No request can name a model, a file or an address, so the server fetches none for a stranger.

A model URI, a path or a URL in a request would open the door to path traversal and to requests that
the server makes in another's name (SSRF). So no parameter and no field of a body may be called like
one, and what isn't listed by name goes nowhere.
"""

import builtins
import io
import re
import socket
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient

from tierline.serving.helpdesk.hook import HOOKS
from tierline.serving.helpdesk.secrets import VARIABLES, HookSecrets
from tierline.serving.http.api import create_app
from tierline.serving.http.hook_bodies import BODIES
from tierline.serving.http.keys import ApiKeys

from .fakes import POLICY, predictor

#: A word of a name, as snake_case, kebab-case and camelCase divide it.
PLACE: Final = re.compile(
    r"models?|ur[il]s?|paths?|files?|filenames?|folders?|dirs?|directory|bundles?|hosts?|hrefs?|"
    r"links?|endpoints?|callbacks?|webhooks?|templates?"
)
WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
#: Names of places that are none, each with why.
HARMLESS: Final = {
    # Freshdesk's own name for the object that holds the ticket's words; see the last test.
    ("post /v1/hooks/freshdesk", "freshdesk_webhook"),
}
#: Objects that may hold more than is listed, and why that goes nowhere.
OPEN: Final = {
    # Vendors send what they like; the last test has places in it.
    *BODIES,
    # Answers that `/v1/route` gave are sent back whole. pydantic drops what isn't listed.
    "Scored",
    "Reason",
}
SCHEMA: Final = TestClient(create_app(POLICY, None, ApiKeys.parse(""))).get("/openapi.json").json()
Schema = Mapping[str, Any]
_BELOW: Final = ("items", "prefixItems", "anyOf", "oneOf", "allOf", "additionalProperties")


def inputs() -> Iterator[tuple[str, str, Any]]:
    """Yield operation, name and schema of every parameter and body."""
    for path, operations in SCHEMA["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            for parameter in operation.get("parameters", ()):
                yield where, parameter["name"], parameter["schema"]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield where, path, content["schema"]


def objects(name: str, node: Any, seen: set[str]) -> Iterator[tuple[str, Schema]]:
    """Yield all objects in a schema, through references, lists and unions, with their names."""
    if isinstance(node, list):
        for one in node:
            yield from objects(name, one, seen)
    if not isinstance(node, dict):
        return
    if reference := node.get("$ref"):
        if reference not in seen:
            seen.add(reference)
            known = reference.removeprefix("#/components/schemas/")
            yield from objects(known, SCHEMA["components"]["schemas"][known], seen)
        return
    if node.get("type") == "object":
        yield name, node
    for property_ in node.get("properties", {}).values():
        yield from objects(name, property_, seen)
    for key in _BELOW:
        yield from objects(name, node.get(key), seen)


def names_a_place(name: str) -> bool:
    return any(PLACE.fullmatch(word.lower()) for word in WORDS.findall(name))


@pytest.mark.parametrize("name", ["model", "model_uri", "modelUri", "File-Path", "callbackURL"])
def test_the_walk_knows_a_place_by_its_name(name: str) -> None:
    assert names_a_place(name)
    assert not any(map(names_a_place, ("profile", "pathology", "remodelled", "dirty", "linked")))


def test_no_parameter_and_no_field_of_a_body_names_a_place() -> None:
    found = {(where, name) for where, name, _ in inputs() if not name.startswith("/")}
    for where, name, schema in inputs():
        for _, node in objects(name, schema, set()):
            found |= {(where, field) for field in node.get("properties", {})}
    assert {("post /v1/handoff", "tried"), ("get /v1/locks/{ticket}", "ticket")} <= found
    assert {(where, name) for where, name in found if names_a_place(name)} == HARMLESS


def test_what_is_not_listed_is_refused_but_where_it_goes_nowhere() -> None:
    """An object that takes any field would take a place by any name."""
    every = [one for _, name, schema in inputs() for one in objects(name, schema, set())]
    closed = {name for name, node in every if node.get("additionalProperties") is False}
    assert {"TicketIn", "Batch", "LockForm"} <= closed
    assert {name for name, _ in every} - closed == OPEN


@pytest.mark.parametrize("desk", sorted(HOOKS))
def test_places_in_a_help_desks_body_are_not_gone_to(
    desk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = BODIES[f"/v1/hooks/{desk}"]["content"]["application/json"]["schema"]["examples"][0]
    for known in HOOKS.values():
        monkeypatch.setitem(known.__dict__, "signed", lambda *_: True)
        monkeypatch.setitem(known.__dict__, "window", None)
    app = create_app(
        POLICY,
        predictor,
        ApiKeys.parse(""),
        hooks=HookSecrets(dict.fromkeys(VARIABLES, b"0123456789abcdef")),
    )
    with TestClient(app) as client:
        client.post("/v1/admin/reload")
        bare = client.post(f"/v1/hooks/{desk}", json=body)
        refuse_to_go_anywhere(monkeypatch)
        found = client.post(f"/v1/hooks/{desk}", json=with_places(body))
    assert (bare.status_code, found.status_code) == (200, 200), found.text
    assert found.json()["mode"] == "full"
    told = ("tier", "severity", "issue_type", "model_version", "set")
    assert {key: found.json()[key] for key in told} == {key: bare.json()[key] for key in told}


def with_places(node: dict[str, Any]) -> dict[str, Any]:
    """Return a body with places in each of its objects."""
    inner = {k: with_places(v) if isinstance(v, dict) else v for k, v in node.items()}
    return {
        "model": "models:/other@champion",
        "url": "http://169.254.169.254/latest/meta-data",
        "path": "../../../../etc/passwd",
        "file": "file:///etc/passwd",
    } | inner


def refuse_to_go_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*where: Any, **_: Any) -> Any:
        raise AssertionError(f"went to {where}")

    for owner, name in (
        (socket.socket, "connect"),
        (socket, "getaddrinfo"),
        (builtins, "open"),
        (io, "open"),
    ):
        monkeypatch.setattr(owner, name, gone)
