"""Who works: teams with what they take and may decide, and where tickets never go."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import Field, model_validator

from tierline.data.ticket import CustomerTier
from tierline.serving.policy.rules import TIERS, Phrase, Searched, Strict, Tier


class Authority(Strict):
    """What a team may decide by itself; amounts in the policy's currency, None for none."""

    refund_up_to: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    credit_up_to: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    may: tuple[Phrase, ...] = ()


class Member(Strict):
    """One agent: what he or she can do, and how many open tickets at a time (None: no limit).

    The same name in another team is the same person, who counts once.
    """

    name: Phrase
    skills: tuple[str, ...] = ()
    capacity: int | None = Field(default=None, ge=0)


class TeamPolicy(Strict):
    """One team. A ticket fits when every list that is given has the ticket's value.

    A team without any list takes only what its tier's ownership or another team's ``cover``
    brings. ``keywords`` are searched in the ticket's words, whatever their case. ``capacity`` is
    the open tickets that the team can hold (None: no limit), ``calendar`` its own (None: its
    tier's), ``cover`` the team that takes over (None: the owner of its tier). What is in its queue
    beyond ``limit`` tickets (None: its capacity) may go to the teams in ``overflow_to``, in this
    order.
    """

    tier: Tier
    issue_types: tuple[str, ...] = ()
    products: tuple[Phrase, ...] = ()
    languages: tuple[Phrase, ...] = ()
    customer_tiers: tuple[CustomerTier, ...] = ()
    channels: tuple[Phrase, ...] = ()
    keywords: tuple[Searched, ...] = ()
    lanes: tuple[Phrase, ...] = ()
    authority: Authority = Authority()
    capacity: int | None = Field(default=None, ge=0)
    calendar: Phrase | None = None
    cover: str | None = None
    members: tuple[Member, ...] = ()
    limit: int | None = Field(default=None, ge=0)
    overflow_to: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _no_name_twice(self) -> "TeamPolicy":
        names = [member.name for member in self.members]
        if twice := sorted({n for n in names if names.count(n) > 1}):
            raise ValueError(f"members: names are unique; found twice: {twice}")
        return self


#: What an exclusion may name of a ticket.
SELECTORS: Final = ("from_team", "customer", "product", "issue_type", "channel")


class Exclusion(Strict):
    """Tickets that ``to_team`` never gets: those with every value given. ``text`` says why.

    ``from_team`` is the team that has the ticket now, or to which it was recommended when a queue
    moves it on. Case and blanks don't count but in ``issue_type``.
    """

    to_team: str
    from_team: str | None = None
    customer: str | None = None
    product: str | None = None
    issue_type: str | None = None
    channel: str | None = None
    text: str = ""

    @model_validator(mode="after")
    def _names_tickets(self) -> "Exclusion":
        if all(getattr(self, name) is None for name in SELECTORS):
            raise ValueError(f"expected at least one of {', '.join(SELECTORS)}")
        return self


def folded(name: str) -> str:
    """Return a name by which others equal it, whatever their case and blanks."""
    return " ".join(name.casefold().split())


def members_of_several(teams: Mapping[str, TeamPolicy]) -> dict[str, tuple[str, ...]]:
    """Return the teams of everyone who is in more than one, by `folded` name."""
    found: dict[str, tuple[str, ...]] = {}
    for name, team in teams.items():
        for person in dict.fromkeys(folded(member.name) for member in team.members):
            found[person] = (*found.get(person, ()), name)
    return {person: names for person, names in found.items() if len(names) > 1}


def with_owner_teams(raw: dict[str, Any]) -> dict[str, Any]:
    """Return a policy's raw data in which every tier's owner is a team.

    An owner needs no table of its own. A team that is set to ``false`` is none: so a file takes
    out a team of the default policy.
    """
    teams, tiers = raw.get("teams", {}), raw.get("tiers")
    if not isinstance(teams, Mapping) or not isinstance(tiers, Mapping):
        return raw
    kept = {name: team for name, team in teams.items() if team is not False}
    for number in map(str, TIERS):
        tier = tiers.get(number, tiers.get(int(number)))
        owner = tier.get("owner") if isinstance(tier, Mapping) else None
        if isinstance(owner, str) and owner not in kept:
            kept[owner] = {"tier": int(number)}
    return raw | {"teams": kept}


def team_problems(
    teams: Mapping[str, TeamPolicy], exclusions: tuple[Exclusion, ...], last_owner: str
) -> Iterator[str]:
    """Yield what contradicts itself among the teams, each with its key's path.

    ``last_owner`` owns the last tier: it takes what nobody else may, so that every ticket has
    a team.
    """
    for name, team in teams.items():
        if team.cover is not None and team.cover not in teams:
            yield f"teams.{name}.cover: expected a team of the policy; found {team.cover!r}"
        elif len(chain := _cover_chain(name, teams)) > 1 and chain[-1] == name:
            yield f"teams.{name}.cover: covers go round in a circle: {' → '.join(chain)}"
    for number, exclusion in enumerate(exclusions):
        if why := exclusion_problem(exclusion, teams, last_owner):
            yield f"exclusions.{number}.to_team: {why}"


def exclusion_problem(
    exclusion: Exclusion, teams: Mapping[str, TeamPolicy], last_owner: str
) -> str | None:
    """Return why an exclusion can't hold, or None."""
    if exclusion.to_team not in teams:
        return f"expected a team of the policy; found {exclusion.to_team!r}"
    if exclusion.to_team == last_owner:
        return f"{last_owner} owns the last tier and takes what nobody else may"
    return None


def _cover_chain(name: str, teams: Mapping[str, TeamPolicy]) -> list[str]:
    """Return who covers whom from a team on, up to the first team that comes again."""
    chain = [name]
    cover = teams[name].cover
    while cover is not None and cover in teams:
        if cover in chain:
            return [*chain, cover]
        chain.append(cover)
        cover = teams[cover].cover
    return chain
