"""The server's model: loaded beside the server, so that it says honestly what it can do."""

import asyncio
import logging
from collections.abc import Callable
from enum import StrEnum

from tierline.data.errors import PolicyError
from tierline.models.runtime.predictor import Predictor
from tierline.serving.policy import Policy
from tierline.serving.routing.router import Router

log = logging.getLogger(__name__)
ModelSource = Callable[[], Predictor]


class Readiness(StrEnum):
    """What the server can do now."""

    LOADING = "not_ready"
    FULL = "full"
    RULES_ONLY = "rules_only"


class ModelState:
    """A router whose model arrives later, or never: then rules answer alone."""

    def __init__(self, policy: Policy, source: ModelSource | None) -> None:
        self.router = Router(policy)
        self.problem: str | None = None
        self.public_problem: str | None = None
        self._source = source
        self.readiness = Readiness.LOADING if source else Readiness.RULES_ONLY

    async def load(self) -> None:
        """Load the model on a thread; a failure leaves the rules in charge and is told."""
        if self._source is None:
            return
        try:
            predictor = await asyncio.to_thread(self._source)
            router = Router(self.router.policy, predictor)
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}"
            self.public_problem = _in_public(error)
            self.readiness = Readiness.RULES_ONLY
            log.error("no model, answering by rules only: %s", self.problem)
            return
        self.router = router
        self.readiness = Readiness.FULL
        log.info("model %s is ready", predictor.version)


def _in_public(error: Exception) -> str:
    """Return what any caller may read; the log has the rest, paths included."""
    if isinstance(error, PolicyError):
        return "the policy doesn't know labels of the model; see the server's log"
    return "the model can't be loaded; see the server's log"
