"""schemathesis asks all that the OpenAPI document allows, and some that it doesn't.

That what the document doesn't allow is refused isn't checked: numbers and truth values are taken as
text, too, as help desks' exports give them. What is no such text is refused: see `test_api`.
"""

from typing import Any

import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.types import Receive, Scope, Send

from tierline.serving.http.api import create_app
from tierline.serving.http.keys import ApiKeys

from ..fakes import POLICY, predictor

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
KEY = {"X-API-Key": "key"}
_app = create_app(POLICY, predictor, ApiKeys.parse("key"))


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The API without its start and its end, which would come with every request."""
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return
    await _app(scope, receive, send)


#: Its tour of every value at its bounds takes minutes: hundreds of batches of 256 tickets.
_config = schemathesis.Config()
_config.projects.default.phases.update(phases=["examples", "fuzzing"])
schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=_config)
assert TestClient(app).post("/v1/admin/reload", headers=KEY).json()["result"] == "swapped"


@schema.parametrize()
@settings(
    max_examples=5,
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_the_document_tells_the_truth(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(checks=list(CHECKS), headers=KEY)
