"""The server's model: loaded beside what answers, swapped in whole, refused when it is bad."""

import asyncio
import logging
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from tierline.data.errors import ModelNotFoundError, PolicyError
from tierline.models.runtime.predictor import Predictor
from tierline.serving.live.engine import Engine
from tierline.serving.live.memory import give_back
from tierline.serving.live.source import Followed
from tierline.serving.live.warming import warmed
from tierline.serving.live.watching import Watch, measuring
from tierline.serving.policy import Policy
from tierline.serving.routing.router import Router

log = logging.getLogger(__name__)
ModelSource = Callable[[], Predictor]
#: A model that was refused is tried again after so many polls, then twice as many, and so on.
_MOST_POLLS: Final = 32
_SETTLED_SECONDS: Final = 2.0


class Readiness(StrEnum):
    """What the server can do now."""

    LOADING = "not_ready"
    FULL = "full"
    RULES_ONLY = "rules_only"


class Reload(StrEnum):
    """What became of an attempt to load the model."""

    SWAPPED = "swapped"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class ModelState:
    """A router whose model arrives later, or never: then rules answer alone.

    A newer model takes the old one's place at once, between two tickets: what is being answered
    keeps the model that it began with. While the newer one can't be had, the old one answers on.
    ``advice_only`` says that nobody acts on the answers: nothing is set, nobody is told. A
    ``challenger`` answers nobody: the figures about the model are not about it.
    """

    def __init__(
        self,
        policy: Policy,
        source: ModelSource | None,
        engine: Engine | None = None,
        watch: Watch | None = None,
        *,
        advice_only: bool = False,
        challenger: bool = False,
    ) -> None:
        self.advice_only = advice_only
        self.engine = engine or Engine()
        self.problem: str | None = None
        self.public_problem: str | None = None
        self.readiness = Readiness.LOADING if source else Readiness.RULES_ONLY
        self._watch = watch or measuring(self.engine.metrics)
        self.router = self._watched(Router(policy))
        self._source = source
        self._mark: str | None = None
        self._lock = asyncio.Lock()
        self._figures = None if challenger else self.engine.metrics
        self._name = "challenger" if challenger else "model"

    @property
    def has_source(self) -> bool:
        """Whether there is a model to load at all."""
        return self._source is not None

    async def load(self) -> None:
        """Load the model on a thread; a failure leaves the rules in charge and is told."""
        if self._source is not None:
            await self.reload()

    async def reload(self) -> Reload:
        """Load what the source gives now, unless that answers already; one attempt at a time."""
        async with self._lock:
            result = await asyncio.to_thread(self._reload)
            if self._figures is not None:
                self._figures.swaps.labels(result.value).inc()
            if result is Reload.SWAPPED:
                # By then no answer is under way that holds the model from before.
                loop = asyncio.get_running_loop()
                loop.call_later(_SETTLED_SECONDS, loop.run_in_executor, None, give_back)
            return result

    async def follow(self, seconds: float) -> None:
        """Ask the source every so often whether it has moved, for ever."""
        polls, pause = 0, 1
        while isinstance(self._source, Followed):
            await asyncio.sleep(seconds)
            polls += 1
            if polls < pause:
                continue
            polls = 0
            bad = await self.reload() is Reload.REFUSED
            pause = min(2 * pause, _MOST_POLLS) if bad else 1

    def _reload(self) -> Reload:
        assert self._source is not None  # noqa: S101
        try:
            mark = self._source.mark() if isinstance(self._source, Followed) else None
            if mark is not None and mark == self._mark:
                self._well()
                return Reload.UNCHANGED
            predictor = warmed(self._source())
            router = self._watched(Router(self.router.policy, predictor))
        except Exception as error:
            self._ill(error)
            return Reload.REFUSED
        self.router, self._mark = router, mark
        self.readiness = Readiness.FULL
        self._well()
        if self._figures is not None:
            self._figures.model_loaded.set(time.time())
        log.info("%s %s is ready", self._name, predictor.version)
        return Reload.SWAPPED

    def _watched(self, router: Router) -> Router:
        router.watch = self._watch
        return router

    def _well(self) -> None:
        self.problem = self.public_problem = None
        self._tell_problem(there=False)

    def _ill(self, error: Exception) -> None:
        self.problem = f"{type(error).__name__}: {error}"
        self._tell_problem(there=True)
        if self.readiness is Readiness.FULL:
            self.public_problem = _in_public(error) + "; the one before it answers"
            log.error("the %s in place stays: %s", self._name, self.problem)
            return
        self.public_problem = _in_public(error)
        self.readiness = Readiness.RULES_ONLY
        if self._figures is None:
            log.error("no challenger to compare with: %s", self.problem)
            return
        log.error("no model, answering by rules only: %s", self.problem)

    def _tell_problem(self, *, there: bool) -> None:
        if self._figures is not None:
            self._figures.model_problem.set(there)


def _in_public(error: Exception) -> str:
    """Return what any caller may read; the log has the rest, paths included."""
    if isinstance(error, PolicyError):
        return "the policy doesn't know labels of the model; see the server's log"
    if isinstance(error, ModelNotFoundError):
        return "the model can't be found; see the server's log"
    return "the model can't be loaded; see the server's log"
