"""What a log's names mean on this desk: a team's tier, a state's phase."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, ValidationError

from tierline.data.errors import InputError
from tierline.serving.policy import Policy
from tierline.serving.policy.rules import Strict, Tier
from tierline.serving.problems import problems_of


class Phase(StrEnum):
    """What happens to a ticket in a state: it is worked on, waits for somebody, or is ended."""

    WORKING = "working"
    WAITING = "waiting"
    ENDED = "ended"


#: How the states of common help desks begin, without case.
_BEGINNINGS: Final = {
    Phase.WORKING: (
        "new", "open", "active", "reopen", "in progress", "work in progress", "assigned",
        "working", "escalated", "to do", "todo", "accepted", "triage",
    ),
    Phase.WAITING: ("await", "wait", "pending", "on hold", "on-hold", "hold", "suspended"),
    Phase.ENDED: (
        "resolved", "solved", "closed", "done", "cancel", "complete", "fixed", "declined",
    ),
}  # fmt: skip


def _folded(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {" ".join(str(name).split()).casefold(): meaning for name, meaning in value.items()}


class Desk(Strict):
    """The tiers of teams and the phases of states, by name without case."""

    tiers: Annotated[Mapping[str, Tier], BeforeValidator(_folded)] = Field(default_factory=dict)
    states: Annotated[Mapping[str, Phase], BeforeValidator(_folded)] = Field(default_factory=dict)

    def tier_of(self, team: str | None) -> int | None:
        """Return a team's tier, None where nobody has said it."""
        return None if team is None else self.tiers.get(team.casefold())

    def phase_of(self, state: str | None) -> Phase | None:
        """Return what a state means, None where its name doesn't tell."""
        if state is None:
            return None
        name = state.casefold()
        if name in self.states:
            return self.states[name]
        return next((p for p, starts in _BEGINNINGS.items() if name.startswith(starts)), None)


def read_desk(policy: Policy, path: Path | None = None) -> Desk:
    """Return the tiers of the policy's teams, and what a file adds: ``[tiers]``, ``[states]``.

    Raises:
        InputError: naming what in the file is wrong.
    """
    known = {name.casefold(): team.tier for name, team in policy.teams.items()}
    if path is None:
        return Desk(tiers=known)
    try:
        own = Desk.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: expected TOML in UTF-8: {error}") from None
    except ValidationError as error:
        raise InputError(
            f"{path}: expected [tiers] with TEAM = 1 to 4, and [states] with STATE = "
            f'"{"|".join(Phase)}":\n  ' + "\n  ".join(problems_of(error))
        ) from None
    return Desk(tiers={**known, **own.tiers}, states=own.states)
