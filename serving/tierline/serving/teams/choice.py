"""Which team takes a ticket: the most specific one that fits, else the tier's owner."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tierline.serving.policy import TIERS, Exclusion, Policy, TeamPolicy
from tierline.serving.routing.conditions import Case, phrases_in
from tierline.serving.routing.recommendation import Reason
from tierline.serving.safety import SAFETY_TIER
from tierline.serving.teams.exclusions import against, said_of

#: What a team can be chosen for, the most specific first.
ORDER: Final = (
    "incident", "lane", "channel", "product", "keyword", "customer_tier", "issue_type", "language",
)  # fmt: skip
_TEXTS: Final = {
    "incident": "takes this kind of incident",
    "lane": "takes this lane",
    "channel": "takes this channel",
    "product": "knows this product",
    "keyword": "takes what these words are about",
    "customer_tier": "serves these customers",
    "issue_type": "is the pool for this issue type",
    "language": "speaks this language",
}
#: What a case has of what a team is for: evidence by kind.
_Found = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Wanted:
    """What the choice of a team asks about a case.

    ``incidents`` are what safety found, by label. ``current`` is the team that has the ticket:
    of teams that fit equally well it keeps it. A ``locked`` one stays at its tier, and with its
    team where that works at the tier.
    """

    case: Case
    lane: str
    incidents: tuple[str, ...]
    exclusions: tuple[Exclusion, ...]
    current: str | None = None
    locked: bool = False

    @property
    def issue_types(self) -> tuple[str, ...]:
        """The model's issue type and the incidents that safety found."""
        own = self.case.issue_type
        return self.incidents if own is None else (*self.incidents, own)


@dataclass(frozen=True)
class Placement:
    """The team that takes a ticket, its tier, and why it isn't simply the tier's owner."""

    tier: int
    team: str
    reasons: tuple[Reason, ...] = ()


def place(wanted: Wanted, tier: int, policy: Policy) -> Placement:
    """Return who takes a case that needs ``tier`` at least.

    A data loss or a breach goes to a team for such incidents, whatever tier that works at. Where
    every team of a tier that fits is excluded, and its owner too, the next tier up takes it; the
    last tier's owner can't be excluded. So a placement is never below ``tier``.
    """
    kept_out: list[Exclusion] = []
    best = _best(wanted, tier, policy, kept_out)
    if wanted.locked:
        return _respect(wanted, tier, policy, best, kept_out)
    at = tier
    while best is None and at < TIERS[-1]:
        at += 1
        best = _best(wanted, at, policy, kept_out)
    found = best or Placement(at, policy.last_owner)
    reasons = (*_excluded(kept_out, tier, found.tier, policy), *found.reasons)
    return Placement(found.tier, found.team, reasons)


def _best(wanted: Wanted, tier: int, policy: Policy, kept_out: list[Exclusion]) -> Placement | None:
    """Return the best team of one tier that isn't excluded; add what excludes the better ones."""
    owner = policy.tiers[tier].owner
    for name, found in _ranked(wanted, tier, policy):
        rule = against(name, wanted.exclusions, wanted.case.ticket, wanted.issue_types)
        if rule is not None:
            kept_out.append(rule)
        else:
            at = max(tier, policy.teams[name].tier) if "incident" in found else tier
            return Placement(at, name, () if name == owner else (_reason(name, found),))
    return None


def _ranked(wanted: Wanted, tier: int, policy: Policy) -> list[tuple[str, _Found]]:
    """Return the teams of a tier that may take the case, the best first, the owner with them.

    A team for the incident may be of another tier; one of this tier comes before it.
    """
    owner = policy.tiers[tier].owner
    fitting: list[tuple[bool, str, _Found]] = []
    for name, team in policy.teams.items():
        here = team.tier == tier or name == owner
        if here or (wanted.incidents and team.tier >= SAFETY_TIER):
            found = _fit(team, wanted)
            if name == owner or (found and (here or "incident" in found)):
                fitting.append((not here, name, found))
    # Sorting is stable: what is equal stays in the policy's order.
    fitting.sort(key=lambda fit: _rank(fit[0], fit[1], fit[2], wanted.current))
    return [(name, found) for _, name, found in fitting]


def _rank(elsewhere: bool, name: str, found: _Found, current: str | None) -> tuple[bool, ...]:
    first, *others = (kind not in found for kind in ORDER)
    return (first, elsewhere, *others, name != current)


def _reason(name: str, found: _Found) -> Reason:
    kind = next(kind for kind in ORDER if kind in found)
    evidence = tuple(e for k in ORDER for e in found.get(k, ()))
    return Reason(rule=f"team.{kind}", text=f"{name} {_TEXTS[kind]}", evidence=evidence)


def _fit(team: TeamPolicy, wanted: Wanted) -> _Found:
    """Return what a team is for that the case has, by kind; nothing if the team doesn't fit."""
    found = {}
    for kind, evidence in _asked_of(team, wanted):
        if not evidence:
            return {}
        found[kind] = evidence
    return found


def _asked_of(team: TeamPolicy, wanted: Wanted) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every kind that a team gives a list of, with what of it the case has."""
    ticket = wanted.case.ticket
    if team.issue_types:
        incidents = [label for label in wanted.incidents if label in team.issue_types]
        kind = "incident" if incidents else "issue_type"
        own = [wanted.case.issue_type] if wanted.case.issue_type in team.issue_types else []
        yield kind, tuple(f"issue_type: {label}" for label in incidents or own)
    if team.lanes:
        yield "lane", (f"lane: {wanted.lane}",) if wanted.lane in team.lanes else ()
    if team.channels:
        yield "channel", _named("channel", ticket.channel, team.channels)
    if team.products:
        yield "product", _named("product", ticket.product, team.products)
    if team.customer_tiers:
        yield "customer_tier", _named("customer_tier", ticket.customer_tier, team.customer_tiers)
    if team.languages:
        yield "language", _language(ticket.language, team.languages)
    if team.keywords:
        yield "keyword", tuple(phrases_in(team.keywords, wanted.case.words))


def _named(kind: str, value: str | None, names: Sequence[str]) -> tuple[str, ...]:
    wanted = (value or "").strip().casefold()
    return tuple(f"{kind}: {name}" for name in names if name.casefold() == wanted)


def _language(value: str | None, names: Sequence[str]) -> tuple[str, ...]:
    """Return the team's codes that the ticket's code is one of: ``de-AT`` is ``de``, too."""
    code = (value or "").strip().casefold().replace("_", "-")
    codes = {code, code.partition("-")[0]}
    return tuple(f"language: {name}" for name in names if name.casefold() in codes)


def _excluded(
    kept_out: Sequence[Exclusion], tier: int, at: int, policy: Policy
) -> Iterator[Reason]:
    if kept_out:
        teams = dict.fromkeys(rule.to_team for rule in kept_out)
        then = f": tier {at} takes it" if at > tier else ""
        text = f"this ticket is never routed to {', '.join(teams)}{then}"
        rules = dict.fromkeys(said_of(rule, policy) for rule in kept_out)
        yield Reason(rule="team.excluded", text=text, evidence=tuple(rules))


def _respect(
    wanted: Wanted, tier: int, policy: Policy, best: Placement | None, kept_out: Sequence[Exclusion]
) -> Placement:
    """Return the team where a person placed the ticket; say who else would take it."""
    advised = best or Placement(tier, policy.tiers[tier].owner)
    current = wanted.current
    if current is None or not policy.serves(current, tier):
        kept = _excluded(kept_out, tier, tier, policy)
        return Placement(tier, advised.team, (*kept, *advised.reasons))
    text = f"a person placed this ticket with {current}"
    if against(current, wanted.exclusions, wanted.case.ticket, wanted.issue_types):
        text += ", though an exclusion says never"
    elif current != advised.team:
        text += f"; Tierline would say {advised.team}"
    else:
        return Placement(tier, current, advised.reasons)
    return Placement(tier, current, (Reason(rule="lock.team", text=text),))
