"""One ticket by its words or as JSON, or the rows of a file: what several commands take."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from pydantic import BaseModel, ValidationError

from tierline.data.columns import NO_LABELS, parse_map
from tierline.data.errors import InputError, RowError
from tierline.data.json_text import parse_json
from tierline.data.readers import SUFFIXES, TicketFile
from tierline.data.rows import BadRow
from tierline.data.ticket import Ticket
from tierline.serving.backlog.answering import nameless
from tierline.serving.commands.shared import errors, invalid

_MAX_NAME: Final = 1_000
_STDIN: Final = "-"
Shown = TypeVar("Shown", bound=BaseModel)

TicketArgument = Annotated[
    str,
    typer.Argument(
        metavar="TICKET",
        help="The ticket's words, a ticket as a JSON object (- reads it from standard input), "
        "a .json file with one, or a file of tickets.",
    ),
]


@dataclass(frozen=True)
class Source:
    """A ticket, and the id by which it is shown: where a file has none, its row's number.

    That number is no ticket's name, so ``ticket`` has no id then.
    """

    ticket: Ticket
    shown: str | None

    def named(self, made: Shown) -> Shown:
        """Return what was made of the ticket under the id by which it is shown."""
        return made.model_copy(update={"id": self.shown})


def sources_of(argument: str, mapping: Sequence[str] | None = None) -> Iterator[Source]:
    """Yield the tickets that an argument stands for; unusable rows of a file are told.

    Raises:
        InputError: for JSON that is no ticket, or a file that is unusable as a whole.
    """
    if argument.lstrip().startswith("{"):
        ticket = ticket_of(json_object(argument.encode(), "ticket"))
        yield Source(ticket, ticket.id)
    elif argument == _STDIN or _names_a_file(argument, (".json",)):
        ticket = ticket_of(read_ticket(argument))
        yield Source(ticket, ticket.id)
    elif _names_a_file(argument):
        for row in TicketFile(Path(argument), parse_map(mapping) | NO_LABELS):
            if isinstance(row, BadRow):
                errors.print(f"row {row.number}: left out: {row.reason}", markup=False)
            else:
                yield Source(nameless(row), row.ticket.id)
    else:
        yield Source(Ticket(body=argument), None)


def _names_a_file(argument: str, suffixes: Sequence[str] = SUFFIXES) -> bool:
    one_word = len(argument) < _MAX_NAME and "\n" not in argument
    return one_word and Path(argument).suffix.lower() in suffixes


def read_ticket(source: str) -> dict[str, Any]:
    """Return one ticket's fields, unchecked, from a JSON file or (``-``) standard input.

    Raises:
        InputError: when it can't be read, or is no JSON object.
    """
    try:
        text = sys.stdin.buffer.read() if source == _STDIN else Path(source).read_bytes()
    except OSError as error:
        raise InputError(f"{source}: can't be read: {error.strerror}") from None
    return json_object(text, "standard input" if source == _STDIN else source)


def json_object(text: bytes, name: str) -> dict[str, Any]:
    """Return the JSON object that a text holds.

    Raises:
        InputError: when it holds none.
    """
    try:
        found = parse_json(text)
    except RowError as error:
        raise InputError(f"{name}: expected a JSON object: {error}") from None
    if not isinstance(found, dict):
        raise InputError(f"{name}: expected a JSON object; found {type(found).__name__}")
    return found


def ticket_of(fields: dict[str, Any]) -> Ticket:
    """Return the ticket with these fields.

    Raises:
        InputError: naming every field that doesn't fit.
    """
    try:
        return Ticket.model_validate(fields)
    except ValidationError as error:
        raise invalid(error, "ticket") from None
