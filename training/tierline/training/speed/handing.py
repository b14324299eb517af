"""How the tickets reach the processes that are timed."""

import json
from collections.abc import Sequence
from pathlib import Path

from tierline.data.ticket import Ticket


def save_tickets(tickets: Sequence[Ticket], path: Path) -> None:
    """Write what the processes read: subjects and bodies only."""
    lines = (json.dumps({"subject": t.subject, "body": t.body}) for t in tickets)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def load_tickets(path: Path) -> list[Ticket]:
    """Read what `save_tickets` wrote."""
    return [Ticket(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
