"""schemathesis asks all that the OpenAPI document allows, and some that it doesn't.

That what the document doesn't allow is refused isn't checked: numbers and truth values are taken as
text, too, as help desks' exports give them. What is no such text is refused: see `test_api`.

`TIERLINE_TEST_SCHEMA=200 pytest -s tests/serving/live/test_schema.py` asks for 200 examples of each
operation and the tour of every value at its bounds, too, and prints the statuses: it takes long.
"""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.hooks import HookContext
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tierline.serving.helpdesk.secrets import VARIABLES
from tierline.serving.http.api import create_app
from tierline.serving.http.keys import ApiKeys

from ..fakes import CALM, POLICY, predictor
from ..helpdesk.hooks import SECRETS, headers
from ..store.conftest import running

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
PATIENCE: Final = 600.0
Seen = dict[str, Counter[int]]
#: In the document's example of a webhook.
EXAMPLE_TIME: Final = re.compile(rb'("timestamp": ?)1795504330123\b')
OK: Final = {200, 204}
KEY = {"X-API-Key": "key"}
THOROUGH = os.environ.get("TIERLINE_TEST_SCHEMA", "")
PHASES = ["examples", "coverage", "fuzzing"] if THOROUGH else ["examples", "fuzzing"]


def always_on(served: ASGIApp) -> ASGIApp:
    """The API without its start and its end, which would come with every request."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
            return
        await served(scope, receive, send)

    return app


def signed(served: ASGIApp) -> ASGIApp:
    """Have what is sent to hooks signed, as their help desks do."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        desk = next((desk for desk in VARIABLES if scope["path"] == f"/v1/hooks/{desk}"), None)
        if desk is None:
            await served(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        # The document's example happened long ago.
        body = EXAMPLE_TIME.sub(rb"\g<1>%d" % (time.time() * 1000), body)
        proof = headers(desk, body, at=datetime.now(UTC))
        pairs = [(name.lower().encode(), value.encode()) for name, value in proof.items()]

        async def whole() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await served({**scope, "headers": [*scope["headers"], *pairs]}, whole, send)

    return app


class Equipped:
    """A server with a store and the hooks' secrets, which is there once a test asks for it."""

    def __init__(self, bare: ASGIApp) -> None:
        self.serving = bare
        self.seen: Seen = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.serving(scope, receive, send)


def document_of(app: ASGIApp) -> BaseSchema:
    config = schemathesis.Config()
    config.projects.default.phases.update(phases=PHASES)
    # A request that its caller gives up is cancelled, and a busy machine may take long.
    config.projects.default.request_timeout = PATIENCE
    return schemathesis.openapi.from_asgi("/openapi.json", app, config=config)


def loaded(app: ASGIApp) -> ASGIApp:
    reload = TestClient(app).post("/v1/admin/reload", headers=KEY)
    assert reload.json()["result"] == "swapped"
    return app


bare = loaded(always_on(create_app(POLICY, predictor, ApiKeys.parse("key"))))
equipped = Equipped(bare)
EQUIPPED = document_of(equipped)


@EQUIPPED.hook
def map_path_parameters(_: HookContext, parameters: dict[str, Any] | None) -> Any:
    """Half of the time a ticket that was handed on, and teams of the policy: others are unknown."""
    known = {"ticket": "T-1", "from_team": "general-support", "to_team": "technical-support"}
    return {n: known.get(n, v) if len(str(v)) % 2 else v for n, v in (parameters or {}).items()}


@pytest.fixture(scope="module")
def _equipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("schema")
    with running(f"sqlite:///{folder / 'store.db'}", folder / "spool") as store:
        app = create_app(POLICY, predictor, ApiKeys.parse("key"), store=store, hooks=SECRETS)
        equipped.serving = loaded(always_on(signed(app)))
        handed = {"ticket": {"id": "T-1", "body": CALM}}
        made = TestClient(equipped.serving).post("/v1/handoff", json=handed, headers=KEY)
        assert made.status_code == 200
        yield
    if THOROUGH:
        print(*sorted(equipped.seen.items()), sep="\n")
    if len(equipped.seen) == EQUIPPED.statistic.operations.total:
        unanswered = {name for name, found in equipped.seen.items() if not found.keys() & OK}
        assert unanswered == set()


asked = settings(
    max_examples=int(THOROUGH or 5),
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@document_of(bare).parametrize()
@asked
def test_the_document_tells_the_truth(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(checks=list(CHECKS), headers=KEY)


@pytest.mark.usefixtures("_equipped")
@EQUIPPED.parametrize()
@asked
def test_it_does_with_a_store_and_hooks(case: schemathesis.Case[Any]) -> None:
    response = case.call_and_validate(checks=list(CHECKS), headers=KEY)
    equipped.seen.setdefault(case.operation.label, Counter())[response.status_code] += 1
