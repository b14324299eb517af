"""The times that the map holds a log to are those that answers promise."""

from datetime import UTC, datetime

from tierline.serving.history.promises import Promises

from ..clock.test_deadlines import in_office
from ..fakes import POLICY

#: A Friday, 18:00 UTC.
FILED = int(datetime(2025, 3, 7, 18, tzinfo=UTC).timestamp())
HOUR = 3600


def test_p1_runs_around_the_clock() -> None:
    asked = Promises(in_office())
    assert asked.resolve_by(FILED, None, 3, "P1") == FILED + 24 * HOUR
    assert asked.resolve_by(FILED, None, 3, "P3") > FILED + 72 * HOUR


def test_nothing_is_to_be_resolved_before_it_is_to_be_answered() -> None:
    asked = Promises(POLICY)
    assert asked.resolve_by(FILED, None, 1, "P3") == FILED + 8 * HOUR
    assert asked.resolve_by(FILED, None, 1, "P2") == FILED + 2 * HOUR
