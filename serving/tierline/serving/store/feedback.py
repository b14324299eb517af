"""Corrections in the store: each once, with redacted words; and out again for retraining."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select

from tierline.data.errors import StoreError
from tierline.data.feedback import Correction
from tierline.data.labels import HEADS
from tierline.data.redact import redact
from tierline.data.ticket import Ticket
from tierline.serving.store.decisions import find_row, insert_new
from tierline.serving.store.forms import CorrectionForm
from tierline.serving.store.pseudonyms import Pseudonyms
from tierline.serving.store.remembered import redacted, stated_in
from tierline.serving.store.schema import Values, feedback

_WORDS: Final = ("subject", "body")


class UnknownDecisionError(StoreError):
    """A correction names a decision that isn't stored."""


def form_of(correction: Correction) -> tuple[CorrectionForm, dict[str, str]]:
    """Return a correction read from a file as it comes in over HTTP, and what the model said.

    Raises:
        pydantic.ValidationError: for a label that the store doesn't take.
    """
    row, ticket = correction.row, correction.row.ticket
    form = CorrectionForm(
        ticket=ticket.id if row.named else None,
        customer=ticket.customer,
        subject=ticket.subject,
        body=ticket.body,
        origin=correction.origin,
        corrected_at=correction.corrected_at,
        **dict(row.labels),
    )
    return form, dict(correction.answered)


def put(
    connection: Connection,
    form: CorrectionForm,
    pseudonyms: Pseudonyms,
    now: datetime,
    answered: dict[str, str] | None = None,
) -> tuple[str, bool]:
    """Store a correction; return its id and whether it is new.

    Words, customer and the model's answer come from the decision where there is one.

    Raises:
        UnknownDecisionError: when it names a decision that isn't stored.
    """
    row = _row(connection, form, pseudonyms, answered or {})
    row["id"] = pseudonyms.of("correction", _content(row))
    known = select(feedback.c.id).where(feedback.c.id == row["id"])
    if connection.scalar(known) is not None:
        return row["id"], False
    insert_new(connection, feedback, [row | {"received_at": now}])
    return row["id"], True


def export(connection: Connection, path: Path, since: datetime | None = None) -> int:
    """Write corrections as ``retrain --feedback`` reads them; return their number."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in _rows(connection, since):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def _rows(connection: Connection, since: datetime | None) -> Iterator[Values]:
    query = select(feedback).order_by(feedback.c.received_at, feedback.c.id)
    if since is not None:
        query = query.where(feedback.c.received_at >= since)
    for row in connection.execute(query).mappings():
        at = row["corrected_at"] or row["received_at"]
        values = {name: row[name] for name in (*_WORDS, *HEADS, "origin")}
        values |= {"id": row["ticket_id"], "corrected_at": at.isoformat()}
        values |= {f"model_{head}": label for head, label in row["answered"].items()}
        yield {name: value for name, value in values.items() if value}


def _row(
    connection: Connection, form: CorrectionForm, pseudonyms: Pseudonyms, answered: dict[str, str]
) -> Values:
    decision = _decision(connection, form, pseudonyms)
    own, _ = redacted(Ticket(subject=form.subject, body=form.body))
    words = decision if decision and not (own["subject"] or own["body"]) else own
    said = _said(decision) if decision else {}
    known = decision or {"ticket_key": None, "customer_key": None, "id": None}
    return {
        "ticket_key": pseudonyms.ticket(form.ticket) if form.ticket else known["ticket_key"],
        "customer_key": (
            pseudonyms.customer(form.customer) if form.customer else known["customer_key"]
        ),
        "ticket_id": form.ticket if form.ticket and redact(form.ticket) == form.ticket else None,
        "decision_id": known["id"],
        **{name: words[name] for name in _WORDS},
        **{head: getattr(form, head) for head in HEADS},
        "answered": answered or said,
        "origin": form.origin.value,
        "corrected_at": form.corrected_at,
    }


def _said(decision: Values) -> dict[str, str]:
    """Return the model's labels; what a person stated in its answer isn't the model's."""
    said = {head: decision["recommendation"].get(head) for head in HEADS}
    if stated_in(decision):
        heads = (decision["prediction"] or {"heads": {}})["heads"]
        said["severity"] = heads.get("severity", {}).get("label")
    return {head: label for head, label in said.items() if label}


def _decision(
    connection: Connection, form: CorrectionForm, pseudonyms: Pseudonyms
) -> Values | None:
    name = form.decision or form.ticket
    row = find_row(connection, name, pseudonyms) if name else None
    if form.decision and (row is None or row["id"] != form.decision.lower()):
        raise UnknownDecisionError(
            "decision: expected the id of a stored decision; found another. One made while the "
            "store was away comes when it is back: try again then, or send the ticket's words"
        )
    return row


def _content(row: Values) -> str:
    """Return what makes a correction itself: the ticket, the labels, who says so, and when."""
    whose: Any = row["ticket_key"] or row["decision_id"] or [row[name] for name in _WORDS]
    at = row["corrected_at"]
    said = [row[head] for head in HEADS]
    return json.dumps([whose, said, row["origin"], at.timestamp() if at else None])
