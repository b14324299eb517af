"""A challenger that answers the same tickets, unseen: how often it agrees."""

import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel

from tierline.serving.live.metrics import Metrics
from tierline.serving.routing.router import Decision, Made, Router

log = logging.getLogger(__name__)

_MOST_WAITING: Final = 512
_PAUSE_SECONDS: Final = 0.01
_CLOSING_SECONDS: Final = 2.0
TIER: Final = "tier"


class Agreement(BaseModel):
    """Of ``compared`` answers, the share (0 to 1) in which both models say the same.

    ``agrees`` is by head, and ``tier`` for the tier; ``by_tier`` the share of equal tiers by the
    tier that was answered. Empty before anything was compared. ``skipped`` counts tickets that
    the challenger wasn't asked for.
    """

    model_version: str | None
    problem: str | None
    compared: int
    skipped: int
    agrees: dict[str, float]
    by_tier: dict[int, float]


@dataclass
class _Tally:
    """How many were compared, and how many of them agreed, by head or tier.

    ``versions`` are those of the model that answers and of its challenger.
    """

    versions: tuple[str, str] | None = None
    seen: Counter[str | int] = field(default_factory=Counter)
    same: Counter[str | int] = field(default_factory=Counter)

    def share(self, key: str | int) -> float:
        return round(self.same[key] / self.seen[key], 4)


class Shadow:
    """Compares answers on a thread of its own, and only while a core is idle.

    ``champion`` gives the router that answers, ``challenger`` the one with the challenger, or None
    while there is none. Answers wait in a short queue; what doesn't fit is skipped, never waited
    for.
    """

    def __init__(
        self,
        champion: Callable[[], Router],
        challenger: Callable[[], Router | None],
        idle: Callable[[], bool],
        metrics: Metrics,
    ) -> None:
        self._champion, self._challenger = champion, challenger
        self._idle, self._metrics = idle, metrics
        self._queue: queue.Queue[tuple[Made, Decision]] = queue.Queue(_MOST_WAITING)
        self._closing = threading.Event()
        self._tally = _Tally()
        self._skipped = 0
        self._thread = threading.Thread(target=self._run, name="tierline-shadow", daemon=True)

    def start(self) -> None:
        """Start comparing."""
        self._thread.start()

    def close(self) -> None:
        """Stop; what waits is left, and so is a challenger that hangs."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(_CLOSING_SECONDS)

    def watch(self, made: Made) -> None:
        """Take answers to compare; those without a model have nothing to compare."""
        for decision in made.decisions:
            if decision.prediction is None:
                continue
            try:
                self._queue.put_nowait((made, decision))
            except queue.Full:
                self._skip("busy")

    def agreement(self, problem: str | None) -> Agreement:
        """Return what has been found of the two models in place since both came."""
        tally, router = self._tally, self._challenger()
        version = _version(router)
        if tally.versions != (_version(self._champion()), version):
            tally = _Tally()
        # A copy, taken at once: the comparing thread adds keys meanwhile.
        keys = list(tally.seen)
        heads = [key for key in keys if isinstance(key, str)]
        tiers = sorted(key for key in keys if isinstance(key, int))
        return Agreement(
            model_version=version,
            problem=problem,
            compared=tally.seen[TIER],
            skipped=self._skipped,
            agrees={key: tally.share(key) for key in heads},
            by_tier={tier: tally.share(tier) for tier in tiers},
        )

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                made, decision = self._queue.get(timeout=_PAUSE_SECONDS)
            except queue.Empty:
                continue
            while not self._idle() and not self._closing.wait(_PAUSE_SECONDS):
                pass
            try:
                self._compare(made, decision)
            except Exception as error:
                self._skip("failed")
                log.error("the challenger can't be compared (%s)", type(error).__name__)

    def _compare(self, made: Made, ours: Decision) -> None:
        router = self._challenger()
        if router is None or router.predictor is None:
            self._skip("absent")
            return
        if ours.prediction is None or ours.prediction.model_version != _version(self._champion()):
            self._skip("moved")
            return
        theirs = router.decide([ours.ticket], made.now, ours.exclusions)[0]
        if theirs.prediction is None:
            self._skip("failed")
            return
        versions = ours.prediction.model_version, router.predictor.version
        if self._tally.versions != versions:
            self._tally = _Tally(versions)
        for head, answer in ours.prediction.heads.items():
            other = theirs.prediction.heads.get(head)
            self._count(head, other is not None and other.label == answer.label)
        tier, other_tier = ours.recommendation.tier, theirs.recommendation.tier
        self._count(TIER, tier == other_tier)
        self._tally.seen[tier] += 1
        self._tally.same[tier] += tier == other_tier
        self._metrics.shadow_tiers.labels(str(tier), str(other_tier)).inc()

    def _count(self, key: str, same: bool) -> None:
        self._tally.seen[key] += 1
        self._tally.same[key] += same
        self._metrics.shadow.labels(key, "yes" if same else "no").inc()

    def _skip(self, reason: str) -> None:
        self._skipped += 1
        self._metrics.shadow_skipped.labels(reason).inc()


def _version(router: Router | None) -> str | None:
    return router.predictor.version if router and router.predictor else None
