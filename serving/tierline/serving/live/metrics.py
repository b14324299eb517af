"""What is measured while the server answers, for Prometheus.

Every label is of a small set that is known beforehand: no ticket's text, id or customer.
"""

import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

#: Set by ``serve --workers``: the folder where several processes keep their figures.
MULTIPROCESS: Final = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS: Final = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0
)  # fmt: skip
_TICKETS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_CONFIDENCE: Final = tuple(n / 20 for n in range(1, 21))


class Metrics:
    """One server's figures."""

    def __init__(self) -> None:
        own = self._registry = CollectorRegistry()
        if MULTIPROCESS not in os.environ:
            ProcessCollector(registry=own)
            PlatformCollector(registry=own)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"tierline_{name}", text, labels, registry=own)

        def gauge(name: str, text: str, mode: Any) -> Gauge:
            return Gauge(f"tierline_{name}", text, registry=own, multiprocess_mode=mode)

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"tierline_{name}", text, labels, registry=own, buckets=buckets)

        requests = "Seconds from a request's first byte to its answer's last, by resource"
        self.requests = histogram("request_seconds", requests, _SECONDS, "resource", "status")
        stages = "Seconds per ticket in queue, model and policy; per request in the store"
        self.stages = histogram("stage_seconds", stages, _SECONDS, "stage")
        self.stage = cache(self.stages.labels)
        self.waiting = gauge("waiting_tickets", "Tickets that no thread works on yet", "livesum")
        self.batch = histogram("request_tickets", "Tickets per request", _TICKETS)
        self.refused = counter("refused_total", "Requests refused, by reason", "reason")
        self.late = counter("late_total", "Tickets answered by rules as the deadline had passed")
        self.answers = counter("answers_total", "Answers by tier and mode", "tier", "mode")
        self.answered_by = counter("answered_by_total", "Answers of the model by its stage", "by")
        self.reviews = counter("reviews_total", "Answers that a person should look at", "reason")
        self.safety = counter("safety_hits_total", "Safety's reasons in answers", "rule")
        self.confidence = histogram("confidence", "Confidence by head", _CONFIDENCE, "head")
        self.swaps = counter("model_loads_total", "Attempts to load a model", "result")
        self.model_problem = gauge(
            "model_problem", "1 while the model that is wanted can't be had", "livemax"
        )
        self.model_loaded = gauge(
            "model_loaded_timestamp_seconds", "When the model in place was loaded", "livemax"
        )
        self.shadow = counter(
            "shadow_total", "Answers compared with the challenger's", "head", "agrees"
        )
        tiers = "Answers compared with the challenger's, by both tiers"
        self.shadow_tiers = counter("shadow_tiers_total", tiers, "tier", "challenger")
        skipped = (
            "Answers not compared: the challenger was busy, absent or failed, or a model moved"
        )
        self.shadow_skipped = counter("shadow_skipped_total", skipped, "reason")

    def text(self) -> bytes:
        """Return the figures of all of the server's processes in Prometheus' text format."""
        if MULTIPROCESS not in os.environ:
            return generate_latest(self._registry)
        _forget_the_dead(Path(os.environ[MULTIPROCESS]))
        all_processes = CollectorRegistry()
        MultiProcessCollector(all_processes)  # type: ignore[no-untyped-call]
        return generate_latest(all_processes)


def _forget_the_dead(folder: Path) -> None:
    """Remove what processes that ended still say of their present."""
    pids = {file.stem.rpartition("_")[2] for file in folder.glob("gauge_live*.db")}
    for pid in pids:
        if pid.isdigit() and not _lives(int(pid)):
            # Another process that is asked at the same time may be the first to remove them.
            with suppress(FileNotFoundError):
                mark_process_dead(int(pid), str(folder))  # type: ignore[no-untyped-call]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
