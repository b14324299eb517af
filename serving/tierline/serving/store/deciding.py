"""Decide as people told the store, and have it remembered; whatever the store does, answer.

Everything that answers with a store beside it comes through here: the API's resources and the
commands. Nothing here needs a database library.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from tierline.data.ticket import Ticket
from tierline.serving.policy import Policy
from tierline.serving.routing.router import Decision, Router
from tierline.serving.teams.exclusions import NO_MORE, Exclusions

if TYPE_CHECKING:
    from tierline.serving.store.store import Store

log = logging.getLogger(__name__)


class StoreMode(StrEnum):
    """Whether a store stood beside an answer, as `mode` says it of the model.

    ``none``: there is none. ``on``: its locks, exclusions and stated severities counted, and what
    is remembered goes there. ``away``: the answer was given without it. Only those that were seen
    before counted, and decisions wait on this machine.
    """

    NONE = "none"
    ON = "on"
    AWAY = "away"


@dataclass(frozen=True)
class Decided:
    """Decisions, their ids in the store (empty without one), and how the store stood."""

    made: list[Decision]
    ids: list[str]
    store: StoreMode


def decide(
    router: Router,
    store: "Store | None",
    tickets: Sequence[Ticket],
    now: datetime,
    ids: Sequence[str] | None = None,
) -> Decided:
    """Return decisions by what people told the store; they are recorded there.

    ``ids`` are theirs where the caller makes them: what has such an id already stays as it is.

    Raises:
        InputError: for a stated severity that the policy doesn't know.
    """
    told = standing(store, tickets, router.policy)
    made = router.decide(told.tickets, now, told.never)
    return remembered(store, router.policy, told, made, now, ids)


@dataclass(frozen=True)
class Told:
    """What people told the store: tickets as they placed and rated them, and where none goes.

    ``recalled``: the places of those whose severity was stated before, not with the ticket.
    """

    tickets: Sequence[Ticket]
    never: Exclusions
    store: StoreMode
    recalled: frozenset[int] = frozenset()


def standing(store: "Store | None", tickets: Sequence[Ticket], policy: Policy) -> Told:
    """Return what people told the store of the tickets; never fails."""
    if store is None:
        return Told(tickets, NO_MORE, StoreMode.NONE)
    try:
        placed, never = store.with_locks(tickets), store.exclusions_beside(policy)
        rated = store.with_severities(placed, policy)
    except Exception as error:
        log.error("what people told the store can't be read (%s)", type(error).__name__)
        return Told(tickets, NO_MORE, StoreMode.AWAY)
    return Told(rated, never, _mode_of(store), _recalled(tickets, rated))


def _recalled(asked: Sequence[Ticket], rated: Sequence[Ticket]) -> frozenset[int]:
    pairs = enumerate(zip(asked, rated, strict=True))
    return frozenset(i for i, (a, r) in pairs if a.stated_severity != r.stated_severity)


def _mode_of(store: "Store") -> StoreMode:
    return StoreMode(store.status.state)


def remembered(
    store: "Store | None",
    policy: Policy,
    told: Told,
    made: list[Decision],
    now: datetime,
    ids: Sequence[str] | None = None,
) -> Decided:
    """Have decisions remembered that were made by what the store ``told``; never fails."""
    if store is None:
        return Decided(made, [], StoreMode.NONE)
    try:
        names = store.record(made, policy, now, ids, recalled=told.recalled)
    except Exception as error:
        log.error("decisions can't be recorded (%s)", type(error).__name__)
        names = []
    there = told.store is StoreMode.ON and names
    return Decided(made, names, _mode_of(store) if there else StoreMode.AWAY)
