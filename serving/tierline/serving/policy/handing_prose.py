"""Hand-off and messages as people read them."""

from collections.abc import Iterator

from tierline.data.labels import Severity
from tierline.serving.policy.durations import duration_text
from tierline.serving.policy.model import Policy


def handing_lines(policy: Policy) -> Iterator[str]:
    """Yield what a hand-off must hold, and what customers are told."""
    yield "\nWhat a hand-off must hold"
    handoff = policy.handoff
    for tier, needs in sorted(handoff.required.items()):
        yield f"  to tier {tier}: {_listed(needs)}"
    yield f"  P1, data loss and breaches instead: {_listed(handoff.urgent)}"
    for need, types in handoff.only_for.items():
        yield f"  {need.replace('_', ' ')} for {_listed(types)} only"
    yield f"  first steps are listed for {_listed(tuple(handoff.try_next))}"
    yield "\nWhat customers are told"
    messages = policy.messages
    for severity in Severity:
        every = duration_text(messages.update_every[severity])
        yield f"  {severity}: news at least every {every} until it is resolved"
    told = "is" if messages.state_resolution else "isn't"
    yield f"  by when it is resolved {told} told"
    zone = messages.time_zone or "the time zone of the team's calendar"
    yield f"  in {messages.language} unless the ticket says otherwise, and in {zone}"
    yield f"  no details in {_listed(messages.public_channels)}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(name.replace("_", " ") for name in names) or "nothing"
