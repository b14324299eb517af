"""How long 100,000 open tickets take to be ordered and given out.

    PYTHONPATH=training:serving:models:data python -m tests.serving.queue.bench [TICKETS]

Tickets are drawn with a fixed seed; what is timed is `Queue.of`: by the default policy, with 60
agents (skills, limits, overflow), and with three of them in two teams each.
"""

import random
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from tierline.data.labels import Severity
from tierline.data.ticket import CustomerTier
from tierline.serving.policy import Policy
from tierline.serving.queue.entry import Entry
from tierline.serving.queue.queued import Queue

from ..fakes import NOW, POLICY
from .queues import LANGUAGES, policy_with_queue

TICKETS: Final = 100_000
PRODUCTS: Final = ("app", "api", "shop")
#: Teams of ten agents each; a queue's limit, and where it overflows to.
TEAMS: Final = {
    "general-support": "technical-support",
    "order-desk": "general-support",
    "technical-support": "senior-engineers",
    "integrations": "technical-support",
    "senior-engineers": "incident-response",
    "incident-response": None,
}


def agents(team: str, shared: int, chance: random.Random) -> list[dict[str, Any]]:
    """Ten agents with skills and capacities; the first ``shared`` teams' first is in the next."""
    found = [
        {
            "name": f"{team} {number}",
            "skills": [*chance.sample(LANGUAGES, 2), *chance.sample(PRODUCTS, 2)],
            "capacity": chance.randint(10, 30),
        }
        for number in range(10)
    ]
    for other, name in enumerate(TEAMS):
        following = list(TEAMS)[(other + 1) % len(TEAMS)]
        if other < shared and team in (name, following):
            both = f"{name} and {following}"
            found[0 if team == name else 1] |= {"name": both, "skills": [*LANGUAGES, *PRODUCTS]}
    return found


def policy(shared: int = 0) -> Policy:
    chance = random.Random(7)  # noqa: S311
    return policy_with_queue(
        {
            team: {
                "members": agents(team, shared, chance),
                **({"limit": 500, "overflow_to": [pool]} if pool else {}),
            }
            for team, pool in TEAMS.items()
        }
    )


def drawn(count: int, of: Policy) -> Iterator[Entry]:
    chance = random.Random(3)  # noqa: S311
    teams = list(of.teams)
    for number in range(count):
        team, severity = chance.choice(teams), chance.choice(list(Severity))
        needs = set()
        if team in TEAMS and chance.random() < 0.5:
            needs.add(("language", (chance.choice(LANGUAGES),)))
        if team in TEAMS and chance.random() < 0.5:
            needs.add(("product", (chance.choice(PRODUCTS),)))
        yield Entry(
            id=f"T-{number}",
            tier=of.teams[team].tier,
            team=team,
            respond_by=NOW + timedelta(minutes=chance.randint(-3_000, 3_000)),
            severity=severity,
            severity_said=severity,
            first="P1" if severity is Severity.P1 else None,
            sentiment=chance.choice(["negative", "neutral", "positive"]),
            customer_tier=chance.choice([None, *CustomerTier]),
            attempts=chance.randint(0, 6),
            age=timedelta(minutes=chance.randint(0, 60_000)),
            needs=frozenset(needs),
        )


def main(count: int = TICKETS) -> None:
    cases = {
        "the default policy": POLICY,
        "60 agents": policy(),
        "60 agents, three of them in two teams": policy(3),
    }
    for name, of in cases.items():
        entries = list(drawn(count, of))
        clock, work = time.perf_counter(), time.process_time()
        queue = Queue.of(entries, of, NOW)
        taken = sum(not queued.service.waits_for for queued in queue.tickets if queued.service)
        sys.stdout.write(
            f"{name}: {count:,} tickets in {time.perf_counter() - clock:.1f} s "
            f"({time.process_time() - work:.1f} s of a core), {taken:,} taken\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
