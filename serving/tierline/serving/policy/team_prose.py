"""Teams, exclusions and the escalation guideline as people read them."""

from collections.abc import Iterator, Sequence
from typing import Any

from tierline.data.ticket import DIMENSIONS
from tierline.serving.policy.assessment import Ask
from tierline.serving.policy.model import Policy
from tierline.serving.policy.teams import SELECTORS, Authority, Exclusion, TeamPolicy

_LISTS = ("lanes", "channels", "products", "keywords", "customer_tiers", "issue_types", "languages")


def team_lines(policy: Policy) -> Iterator[str]:
    """Yield who takes a ticket, and what each team may decide."""
    yield "\nWho takes it: at its tier the most specific team that fits, else the tier's owner"
    for name, team in policy.teams.items():
        yield f"  {name}, {_tiers(name, team, policy)}: {_takes(team)}"
        if may := ", ".join(authority_facts(team.authority, policy.currency)):
            yield f"      may {may}"
        if facts := ", ".join(_facts(team)):
            yield f"      {facts}"
    if policy.exclusions:
        yield "\nNever"
        for exclusion in policy.exclusions:
            yield f"  {_never(exclusion)}"


def guideline_lines(policy: Policy) -> Iterator[str]:
    """Yield what the assessment asks for, and when de-escalation is advised."""
    yield "\nWhat the assessment asks for, once a person stated a level"
    for ask in policy.assessment.asks:
        yield f"  {' and '.join(_asks(ask))}: tier {ask.tier} at least"
    if not policy.assessment.asks:
        yield "  nothing"
    yield "\nWhen a matter is settled: advice only, a lock stays; never on incidents"
    yield f"  step down when its status is {_any(policy.advice.step_down_on)}"
    yield f"  close when its status is {_any(policy.advice.close_on)}"


def _tiers(name: str, team: TeamPolicy, policy: Policy) -> str:
    owned = [number for number, tier in policy.tiers.items() if tier.owner == name]
    others = f", owns {' and '.join(f'tier {n}' for n in owned)}" if owned else ""
    return f"tier {team.tier}{others}"


def _takes(team: TeamPolicy) -> str:
    given = [(name, getattr(team, name)) for name in _LISTS]
    parts = [f"{name.replace('_', ' ')} {_any(values)}" for name, values in given if values]
    return " and ".join(parts) or "what no other team takes"


def authority_facts(authority: Authority, currency: str) -> Iterator[str]:
    """Yield what a team may decide by itself, as its agents read it."""
    if authority.refund_up_to is not None:
        yield f"refund up to {authority.refund_up_to:g} {currency}"
    if authority.credit_up_to is not None:
        yield f"grant credit up to {authority.credit_up_to:g} {currency}"
    yield from authority.may


def _facts(team: TeamPolicy) -> Iterator[str]:
    if team.capacity is not None:
        yield f"{team.capacity} open tickets at most"
    if team.calendar is not None:
        yield f"works by calendar {team.calendar}"
    if team.cover is not None:
        yield f"covered by {team.cover}"
    if team.members:
        yield f"{len(team.members)} agents"


def _never(exclusion: Exclusion) -> str:
    named = [(name.replace("_", " "), getattr(exclusion, name)) for name in SELECTORS]
    what = " and ".join(f"{name} {value}" for name, value in named if value is not None)
    return f"{what} to {exclusion.to_team}" + (f": {exclusion.text}" if exclusion.text else "")


def _asks(ask: Ask) -> Iterator[str]:
    for name in DIMENSIONS:
        if name in ask.levels:
            yield f"{name.replace('_', ' ')} {ask.levels[name]} or more"
    if ask.total is not None:
        yield f"a total of {ask.total} or more"


def _any(values: Sequence[Any]) -> str:
    return " or ".join(map(str, values)) or "nothing"
