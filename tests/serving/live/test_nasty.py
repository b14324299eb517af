"""Nasty texts and bytes over HTTP: answered or refused, breaches at tier 3, the server up."""

import json
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tierline.data.helpdesk import Format
from tierline.models.runtime.predictor import Predictor
from tierline.serving.routing import router as routing
from tierline.serving.store.setup import make
from tierline.serving.store.store import Store
from tierline.training.pipeline import Trained

from ..backlog.test_nasty import BODIES, REFUSED
from ..fakes import CALM, asked_once
from ..helpdesk.hooks import SECRETS, headers
from ..nasty import NASTY, NASTY_JSON
from .app import serving

JSON: Final = {"Content-Type": "application/json"}
ANSWERED: Final = {200, 204}
REFUSALS: Final = {400, 413, 422}
PLANTED: Final = "zebrafish"


@dataclass(frozen=True)
class Way:
    """A resource, what it is asked with a text in it, and whether it answers as to a breach."""

    path: str
    asked: Callable[[str], dict[str, Any]]
    alarmed: Callable[[Any], bool]
    method: str = "POST"
    desk: Format | None = None
    refuses: Set[str] = frozenset(REFUSED)

    def body(self, text: str) -> bytes:
        return json.dumps(self.asked(text)).encode()

    def send(self, client: TestClient, body: bytes) -> Any:
        signed = {} if self.desk is None else headers(self.desk, body, at=datetime.now(UTC))
        return client.request(self.method, self.path, content=body, headers=JSON | signed)


def routed(answer: Any) -> bool:
    return (answer["tier"], answer["reasons"][0]["rule"]) == (3, "safety.security_breach")


def handed(answer: Any) -> bool:
    packet = answer["packet"]
    return routed(packet | {"reasons": packet["why"]})


def queued(answer: Any) -> bool:
    first = answer["tickets"][0]
    return (first["id"], first["tier"], first["first"]) == ("a", 3, "safety")


def silent(_: Any) -> bool:
    """It says nothing of a tier."""
    return True


def jira(text: str) -> dict[str, Any]:
    fields = {"summary": PLANTED, "description": text}
    return {"webhookEvent": "jira:issue_created", "issue": {"key": "A-1", "fields": fields}}


def ticket(text: str) -> dict[str, Any]:
    return {"subject": PLANTED, "body": text}


WAYS: Final = (
    Way("/v1/route", ticket, routed),
    Way(
        "/v1/route/batch",
        lambda text: {"tickets": [ticket(text), {"body": CALM}]},
        lambda answer: routed(answer["answers"][0]),
    ),
    Way("/v1/handoff", lambda text: {"ticket": ticket(text)}, handed),
    Way(
        "/v1/messages",
        lambda text: {"ticket": ticket(text), "kind": "timeline"},
        lambda answer: "senior engineers" in answer["text"],
    ),
    Way(
        "/v1/queue/order",
        lambda text: {"tickets": [ticket(text) | {"id": "a"}, {"body": CALM, "id": "b"}]},
        queued,
    ),
    Way("/v1/feedback", lambda text: ticket(text) | {"severity": "P2"}, silent),
    Way(
        "/v1/hooks/zendesk",
        lambda text: {"ticket": {"id": "1", "subject": PLANTED, "description": text}},
        routed,
        desk=Format.ZENDESK,
    ),
    Way("/v1/hooks/jira", jira, routed, desk=Format.JIRA),
    Way(
        "/v1/hooks/freshdesk",
        lambda text: {
            "freshdesk_webhook": {
                "ticket_id": 1, "ticket_subject": PLANTED, "ticket_description": text,
            }
        },
        routed,
        desk=Format.FRESHDESK,
        # Its words are HTML: what Unicode can't hold goes with the markup.
        refuses=REFUSED - {"surrogate", "surrogate+breach"},
    ),
)  # fmt: skip
#: Resources that take other texts than a ticket's words: most are names, and short.
NAMES: Final = ("id", "channel", "customer", "product", "language", "team", "status", "created_at")
NAMING: Final = (
    Way("/v1/route", lambda text: ticket(CALM) | dict.fromkeys(NAMES, text), silent),
    Way("/v1/outcomes", lambda text: {"ticket": text}, silent),
    Way("/v1/feedback", lambda text: {"ticket": text, "severity": "P2"}, silent),
    Way("/v1/locks/T-1", lambda text: {"team": text}, silent, "PUT"),
    Way("/v1/checklists/T-1", lambda text: {"step": "notify", "by": text}, silent, "PUT"),
    Way("/v1/handoff", lambda text: {"ticket": ticket(CALM), "notes": {"tried": [text]}}, silent),
    Way(
        "/v1/messages",
        lambda text: {"ticket": ticket(CALM), "kind": "timeline", "language": text},
        silent,
    ),
)
WITH_WORDS: Final = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.path)
WITH_NAMES: Final = pytest.mark.parametrize("way", NAMING, ids=lambda way: way.path)
BRIEFLY: Final = settings(
    max_examples=40,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
ANY_TEXT: Final = st.text(st.characters(exclude_categories=()), max_size=200)


@pytest.fixture(scope="module", autouse=True)
def _rules_asked_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(routing, "recommend", asked_once)
        yield


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The rules, a store and the hooks: every resource does its work."""
    folder = tmp_path_factory.mktemp("nasty")
    store = Store(f"sqlite:///{folder / 'store.db'}", folder / "spool")
    make(store.database)
    with serving(None, store=store, hooks=SECRETS) as found:
        handed = {"ticket": {"id": "T-1", "body": CALM}}
        assert found.post("/v1/handoff", json=handed).status_code == 200
        yield found


def is_up(client: TestClient) -> None:
    assert client.get("/healthz").status_code == 200
    store = client.get("/readyz").json()["store"]
    assert (store["state"], store["lost"]) == ("on", 0)


def hold(response: Any, text: str) -> bool:
    """Return whether it was answered; a refusal is short and says nothing of what was sent."""
    if response.status_code in ANSWERED:
        return True
    assert response.status_code in REFUSALS, (response.status_code, response.text)
    assert response.json().keys() == {"error", "details"}
    assert len(response.content) < 1_500
    assert PLANTED not in response.text
    assert not text.strip() or text.strip()[:20] not in response.text
    return False


@WITH_WORDS
def test_texts(client: TestClient, way: Way) -> None:
    refused = set()
    for name, text in BODIES.items():
        response = way.send(client, way.body(text))
        if not hold(response, text):
            refused.add(name)
        elif name.endswith("+breach"):
            assert way.alarmed(response.json()), name
    assert refused == way.refuses
    is_up(client)


@WITH_NAMES
def test_names(client: TestClient, way: Way) -> None:
    answered = [hold(way.send(client, way.body(text)), text) for text in NASTY.values()]
    assert not all(answered)
    is_up(client)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_names_in_paths(client: TestClient, method: str) -> None:
    for text in NASTY.values():
        name = quote(text[:4_000], safe="", errors="surrogatepass")
        for path in (f"/v1/locks/{name}", f"/v1/checklists/{name}", f"/v1/exclusions/a/{name}"):
            body = None if method != "PUT" else {"tier": 2}
            response = client.request(method, path, json=body)
            assert response.status_code < 500
    is_up(client)


@pytest.mark.parametrize("way", WAYS + NAMING, ids=lambda way: way.path)
def test_bodies_that_are_none(client: TestClient, way: Way) -> None:
    for body in NASTY_JSON:
        hold(way.send(client, body), "")
        hold(way.send(client, way.body(PLANTED).replace(f'"{PLANTED}"'.encode(), body)), "")
    is_up(client)


@pytest.mark.parametrize("way", WAYS + NAMING, ids=lambda way: way.path)
def test_any_bytes(client: TestClient, way: Way) -> None:
    @BRIEFLY
    @given(body=st.binary(max_size=400))
    def asked(body: bytes) -> None:
        hold(way.send(client, body), "")

    asked()
    is_up(client)


@pytest.mark.parametrize("way", WAYS + NAMING, ids=lambda way: way.path)
def test_any_text(client: TestClient, way: Way) -> None:
    @BRIEFLY
    @given(text=ANY_TEXT)
    def asked(text: str) -> None:
        hold(way.send(client, way.body(text)), "")

    asked()
    is_up(client)


def test_with_a_model(trained: Trained) -> None:
    bodies = {name: body for name, body in BODIES.items() if name not in REFUSED}
    breaches = {name for name in bodies if name.endswith("+breach")}
    with serving(lambda: Predictor.load(trained.out, threads=2)) as client:
        batch = {"tickets": [{"id": name, "body": body} for name, body in bodies.items()]}
        answers = client.post("/v1/route/batch", json=batch).json()["answers"]
        assert {(a["id"], a["tier"]) for a in answers if a["id"] in breaches} == {
            (name, 3) for name in breaches
        }
        assert {a["mode"] for a in answers} == {"full"}
        for name in sorted(breaches):
            ticket = {"body": bodies[name]}
            answer = client.post("/v1/route?explain=true", json=ticket).json()
            assert (name, answer["tier"], answer["mode"]) == (name, 3, "full")
            assert answer["explanation"].keys() == {"severity", "issue_type", "sentiment"}
        assert client.get("/healthz").status_code == 200
