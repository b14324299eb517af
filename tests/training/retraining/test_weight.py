"""What a bundle costs to serve, measured against another."""

from pathlib import Path
from typing import cast

from tierline.data import Ticket
from tierline.models.runtime import Predictor
from tierline.training.pipeline import Trained
from tierline.training.retraining.weight import latency_ratio, peak_memory, size

TICKETS = [Ticket(body="please advise")] * 11


class Clock:
    """A clock that only answering moves on; every now and then the machine is busy."""

    def __init__(self) -> None:
        self.now, self.answers = 0.0, 0

    def predictor(self, seconds: float) -> Predictor:
        clock = self

        class Slow:
            def predict(self, _: list[Ticket]) -> list[None]:
                clock.answers += 1
                clock.now += seconds * (50 if clock.answers % 6 == 0 else 1)
                return [None]

        return cast(Predictor, Slow())


def test_the_ratio_of_times_is_not_moved_by_hiccups() -> None:
    clock = Clock()
    slow, fast = clock.predictor(0.3), clock.predictor(0.1)
    assert round(latency_ratio(slow, fast, TICKETS, lambda: clock.now), 6) == 3
    assert round(latency_ratio(fast, slow, TICKETS, lambda: clock.now), 6) == round(1 / 3, 6)


def test_size_is_the_bytes_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "b").write_bytes(b"678")
    assert size(tmp_path) == 8


def test_memory_is_that_of_a_process_of_its_own(trained: Trained) -> None:
    ballast = bytearray(400_000_000)
    found = peak_memory(trained.out, TICKETS)
    assert 20_000_000 < found < len(ballast)
