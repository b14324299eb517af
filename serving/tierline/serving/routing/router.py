"""A predictor and a policy, ready to answer: what batch, API and evaluation all call."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tierline.data.errors import DeviceError, InputError
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.models.runtime.predictor import Predictor
from tierline.serving.policy import Policy
from tierline.serving.routing.known_labels import refuse_unknown_labels
from tierline.serving.routing.recommend import SEVERITY_EXPECTED, knows_stated, recommend
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.teams.exclusions import NO_MORE, Exclusions

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Decision:
    """An answer with all that it was made from, but for the policy and the clock."""

    ticket: Ticket
    prediction: Prediction | None
    recommendation: Recommendation
    exclusions: Exclusions = NO_MORE


@dataclass(frozen=True)
class Made:
    """Decisions of one call, by which policy and clock, and the seconds that each part took."""

    decisions: Sequence[Decision]
    policy: Policy
    now: datetime
    predicting: float
    recommending: float


class Router:
    """Answers tickets with `recommend`, with the rules alone when the model is absent or fails.

    ``what_if`` false leaves out what would change an answer: long backlogs go faster. ``watch``
    is told of every call, on the caller's thread.

    Raises:
        PolicyError: when the model has labels that the policy doesn't know.
    """

    def __init__(self, policy: Policy, predictor: Predictor | None = None) -> None:
        if predictor is not None:
            refuse_unknown_labels(policy, predictor.manifest.heads, predictor.version)
        self.policy = policy
        self.predictor = predictor
        self.what_if = True
        self.watch: Callable[[Made], None] | None = None

    def route(self, tickets: Sequence[Ticket], now: datetime) -> list[Recommendation]:
        """Return one recommendation per ticket, in order; never fails because of the model."""
        return [decision.recommendation for decision in self.decide(tickets, now)]

    def decide(
        self,
        tickets: Sequence[Ticket],
        now: datetime,
        exclusions: Exclusions = NO_MORE,
        *,
        by_rules: bool = False,
        given: Callable[[], bool] = lambda: True,
    ) -> list[Decision]:
        """Return the recommendations as `route` does, each with what it was made from.

        ``exclusions`` hold beside the policy's. ``by_rules`` doesn't ask the model. ``given`` is
        asked once they are made: where nobody takes them any more, ``watch`` isn't told.

        Raises:
            InputError: for a stated severity that the policy doesn't know.
        """
        if not all(knows_stated(self.policy, ticket) for ticket in tickets):
            raise InputError(SEVERITY_EXPECTED)
        begun = time.perf_counter()
        predictions = [None] * len(tickets) if by_rules else self._predict(tickets)
        predicted = time.perf_counter()
        made = [
            Decision(
                ticket,
                prediction,
                recommend(
                    ticket,
                    prediction,
                    self.policy,
                    now,
                    exclusions,
                    what_if=self.what_if,
                ),
                exclusions,
            )
            for ticket, prediction in zip(tickets, predictions, strict=True)
        ]
        if self.watch is not None and given():
            took = predicted - begun, time.perf_counter() - predicted
            self.watch(Made(made, self.policy, now, *took))
        return made

    def _predict(self, tickets: Sequence[Ticket]) -> Sequence[Prediction | None]:
        if self.predictor is None:
            return [None] * len(tickets)
        try:
            return self.predictor.predict(tickets)
        except DeviceError:
            raise  # would fail for every ticket, and a backlog can go on later
        except Exception as error:
            if len(tickets) > 1:
                # One ticket that breaks the model must not cost the others their answer.
                return [p for ticket in tickets for p in self._predict([ticket])]
            # Whatever breaks in a model, safety rules still answer. No text goes to the log.
            log.error("model failed (%s): answering by rules only", type(error).__name__)
            return [None] * len(tickets)
