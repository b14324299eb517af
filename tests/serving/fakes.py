"""Predictions and predictors made by hand: no model is needed to test what decides."""

import tomllib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np

from tierline.data.labels import LABELS
from tierline.data.ticket import Ticket
from tierline.models.runtime.manifest import Head, Manifest
from tierline.models.runtime.prediction import Account, HeadPrediction, Prediction
from tierline.models.runtime.predictor import Predictor
from tierline.serving.policy import Policy, load_policy, toml_of_default
from tierline.serving.routing.recommend import recommend
from tierline.serving.routing.recommendation import Recommendation

NOW = datetime(2025, 3, 10, 12, tzinfo=UTC)
POLICY = load_policy()
MODEL = "fake-0123456789ab"
LOSS = "all our customer data was deleted by your update"
BREACH = "our account was hacked"
CALM = "The invoice page looks different since this morning."


def head(labels: Sequence[str], label: str, confidence: float = 0.9) -> HeadPrediction:
    """The rest of the probability is shared by the other labels."""
    rest = (1 - confidence) / (len(labels) - 1)
    return HeadPrediction(
        label, confidence, {name: confidence if name == label else rest for name in labels}
    )


def prediction(
    severity: str = "P3",
    issue_type: str = "how_to",
    sentiment: str = "neutral",
    *,
    confidence: float = 0.9,
    truncated: bool = False,
    thresholds: dict[str, float] | None = None,
) -> Prediction:
    labels = {"severity": severity, "issue_type": issue_type, "sentiment": sentiment}
    return Prediction(
        {name: head(LABELS[name], label, confidence) for name, label in labels.items()},
        truncated,
        MODEL,
        thresholds or {},
    )


def explained(text: str, word: str, label: str) -> Prediction:
    """A prediction in which one word speaks for one issue type."""
    bare = prediction(issue_type=label)
    columns = [(h, name) for h, p in bare.heads.items() for name in p.probabilities]
    contributions = np.zeros((1, len(columns)), dtype=np.float32)
    contributions[0, columns.index(("issue_type", label))] = 2.0
    start = text.index(word)
    return Prediction(
        bare.heads,
        truncated=False,
        model_version=MODEL,
        text=text,
        account=Account(
            columns,
            np.zeros(len(columns), dtype=np.float32),
            lambda: ([(start, start + len(word))], contributions),
        ),
    )


def answer(
    said: Prediction | None, policy: Policy = POLICY, now: datetime = NOW, **fields: Any
) -> Recommendation:
    return recommend(Ticket(**{"body": CALM} | fields), said, policy, now)


def rules(found: Recommendation) -> list[str]:
    return [reason.rule for reason in found.reasons]


def default_dict() -> dict[str, Any]:
    return tomllib.loads(toml_of_default())


def policy_with(**changed: Any) -> Policy:
    """The default policy with whole top-level keys replaced."""
    return Policy.model_validate(default_dict() | changed)


MANIFEST = Manifest(
    format=1,
    name="fake",
    created_at="2025-03-10T12:00:00Z",
    tierline_version="0.1.0",
    encoder="fake-encoder",
    max_tokens=128,
    heads=tuple(Head(name=n, labels=ls, temperature=1.0) for n, ls in LABELS.items()),
    bias=(0.0,) * sum(map(len, LABELS.values())),
    serves="model.int8.onnx",
    thresholds={},
    data={},
    metrics={"macro_f1": 0.5},
    files={},
)


class FakePredictor:
    """Answers what a function says; a function that raises is a model that breaks."""

    def __init__(
        self,
        say: Callable[[Ticket], Prediction],
        manifest: Manifest = MANIFEST,
        version: str = MODEL,
    ) -> None:
        self.manifest = manifest
        self.version = version
        self._say = say

    def predict(self, tickets: Sequence[Ticket]) -> list[Prediction]:
        return [self._say(ticket) for ticket in tickets]


def predictor(
    say: Callable[[Ticket], Prediction] | None = None,
    manifest: Manifest = MANIFEST,
    version: str = MODEL,
) -> Predictor:
    return cast(Predictor, FakePredictor(say or (lambda _: prediction()), manifest, version))


def broken(_: Ticket) -> Prediction:
    raise RuntimeError("the graph is broken")


def broken_by(words: str) -> Callable[..., Recommendation]:
    """`recommend`, with an error at tickets that say the words."""

    def broken(ticket: Ticket, *args: Any, **more: Any) -> Recommendation:
        if words in ticket.body:
            raise RuntimeError(f"broken by {ticket.body}")
        return recommend(ticket, *args, **more)

    return broken


_SAID: dict[tuple[str, str], Recommendation] = {}


def asked_once(ticket: Ticket, said: Prediction | None, *args: Any, **more: Any) -> Recommendation:
    """`recommend`; the rules alone are asked once about each text: on long ones they take time."""
    if said is not None:
        return recommend(ticket, said, *args, **more)
    words = ticket.subject, ticket.body
    if words not in _SAID:
        _SAID[words] = recommend(ticket, None, *args, **more)
    return _SAID[words].model_copy(update={"id": ticket.id})
