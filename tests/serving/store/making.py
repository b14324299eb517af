"""Decisions to store, made with predictions by hand."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving.handoff.making import make_packet
from tierline.serving.handoff.packet import Notes, Packet
from tierline.serving.policy import Policy
from tierline.serving.routing.recommend import recommend
from tierline.serving.routing.router import Decision
from tierline.serving.store.decisions import Archive, Stored
from tierline.serving.store.schema import Values, decisions
from tierline.serving.store.store import Store

from ..fakes import NOW, POLICY, prediction

PATIENCE = 60.0
PERSONAL = "my phone is +49 170 7654321 and my mail is jo@example.com"


def decided(
    ticket: Ticket, said: Prediction | None = None, policy: Policy = POLICY, now: datetime = NOW
) -> Decision:
    return Decision(ticket, said, recommend(ticket, said, policy, now))


def packet(of: Ticket, **notes: Any) -> Packet:
    return make_packet(of, decided(of).recommendation, POLICY, NOW, Notes(**notes))


def record(
    store: Store,
    *tickets: Ticket,
    said: Prediction | None = None,
    policy: Policy = POLICY,
    now: datetime = NOW,
) -> list[str]:
    """Store decisions about tickets and wait until they are in the store or the spool."""
    made = [decided(ticket, said or prediction(), policy, now) for ticket in tickets]
    ids = store.record(made, policy, now)
    store.writer.flush()
    return ids


def rows(store: Store) -> dict[str, Values]:
    """Every stored decision by id."""
    with store.database.reading() as connection:
        found = connection.execute(select(decisions)).mappings()
        return {row["id"]: dict(row) for row in found}


def find(store: Store, name: str) -> Stored:
    with store.database.reading() as connection:
        return Archive(connection, store.pseudonyms()).find(name)


def wait_for(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def files_with(folder: Path, words: Sequence[str]) -> list[str]:
    """Names of the files under a folder that hold one of the words."""
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(word.encode() in path.read_bytes() for word in words)
    ]


def ticket(body: str = "The invoice page looks different.", **fields: Any) -> Ticket:
    return Ticket(body=body, **fields)
