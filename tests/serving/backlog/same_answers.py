"""Show that a backlog's answers are those of single calls.

`python tests/serving/backlog/same_answers.py FILE MODEL [COUNT]` answers the first COUNT (2,000)
tickets in one batch and one by one, prints how many differ, and ends with 1 if any does.
"""

import sys
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from tierline.data.readers import TicketFile
from tierline.data.rows import Row
from tierline.serving.model_source import load_predictor
from tierline.serving.policy import load_policy
from tierline.serving.routing.router import Router


def main(file: Path, model: str, count: int = 2_000) -> int:
    """Print the count of tickets and of answers that differ."""
    rows = (row for row in TicketFile(file) if isinstance(row, Row))
    tickets = [row.ticket for row in islice(rows, count)]
    router, now = Router(load_policy(), load_predictor(model)), datetime.now(UTC)
    router.what_if = False
    batch = router.route(tickets, now)
    single = (router.route([ticket], now)[0] for ticket in tickets)
    differ = sum(a != b for a, b in zip(batch, single, strict=True))
    print(f"{len(tickets):,} tickets, {differ:,} answers differ between a batch and single calls")
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])))
