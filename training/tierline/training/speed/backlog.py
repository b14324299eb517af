"""`tierline score` as a contestant: tickets read from a file, decided, and written to one."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tierline.data.readers import TicketFile
from tierline.data.ticket import Ticket
from tierline.models.runtime.predictor import Predictor
from tierline.serving.backlog.scoring import Scoring, score
from tierline.serving.policy import Policy
from tierline.serving.routing.router import Router
from tierline.training.speed.handing import save_tickets


class BacklogScorer:
    """Scores files of tickets by a policy, with all that `tierline score` does by default.

    Long ones are answered by ``processes`` at most.
    """

    def __init__(self, policy: Policy, predictor: Predictor, processes: int) -> None:
        self._router = Router(policy, predictor)
        self._scoring = Scoring(processes=processes)
        self._heads = [head.name for head in predictor.manifest.heads]

    def __call__(self, tickets: Sequence[Ticket]) -> Mapping[str, Sequence[str]]:
        """Return the labels of every ticket by head."""
        with TemporaryDirectory() as folder:
            given, out = Path(folder, "tickets.jsonl"), Path(folder, "answers.jsonl")
            save_tickets(tickets, given)
            asked = TicketFile(given), out, self._router, datetime.now(UTC), lambda *_: None
            score(*asked, None, self._scoring)
            # Not `splitlines`: JSON may hold what that takes for a line's end, such as U+2028.
            with out.open(encoding="utf-8") as file:
                answers = [json.loads(line) for line in file]
        return {head: [answer[head] for answer in answers] for head in self._heads}
