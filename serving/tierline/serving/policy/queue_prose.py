"""The queue as people read it."""

from collections.abc import Iterable, Iterator

from tierline.serving.policy.durations import duration_text
from tierline.serving.policy.model import Policy
from tierline.serving.policy.queue import limit_of


def queue_lines(policy: Policy) -> Iterator[str]:
    """Yield what a ticket's place in the queue is made of, and where tickets overflow to."""
    queue, weights = policy.queue, policy.queue.weights
    horizon = duration_text(queue.breach_horizon)
    yield "\nThe queue: safety tickets and P1 first, then by points"
    yield f"  severity up to {weights.severity:g}: {_shares(queue.severity.items())}"
    yield (
        f"  time to breach up to {weights.breach:g}: none {horizon} before the response is due, "
        f"half when it is due, all {horizon} after"
    )
    yield f"  customer tier up to {weights.customer_tier:g}: {_shares(queue.customer_tier.items())}"
    yield f"  sentiment up to {weights.sentiment:g}: {_shares(queue.sentiment.items())}"
    yield f"  attempts up to {weights.attempts:g}: all from {queue.attempts_full} on"
    full = f"{queue.order_value_full:g} {policy.currency}"
    yield f"  order value up to {weights.order_value:g}: all from {full} on"
    yield (
        f"  age {weights.age_per_day:g} a day without end: after {queue.passed_within_days:.3g} "
        "days a ticket precedes all that were filed since"
    )
    times = ", ".join(f"tier {t} {duration_text(d)}" for t, d in sorted(queue.handling.items()))
    yield f"  a ticket takes up a place of its team for: {times}"
    if queue.needs:
        free = f"; everyone has {', '.join(queue.everyone)}" if queue.everyone else ""
        yield f"  an agent needs as a skill the ticket's {' and '.join(queue.needs)}{free}"
    for name, team in policy.teams.items():
        if team.overflow_to:
            pools = ", then ".join(team.overflow_to)
            yield f"  {name}: what is beyond {limit_of(team)} tickets goes to {pools}"


def _shares(shares: Iterable[tuple[str, float]]) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in shares)
