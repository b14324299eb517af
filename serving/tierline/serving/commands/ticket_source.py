"""One ticket by its words or as JSON, or the rows of a file: what several commands take."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer
from pydantic import BaseModel, ValidationError

from tierline.data.columns import parse_map
from tierline.data.errors import InputError
from tierline.data.readers import SUFFIXES, TicketFile
from tierline.data.rows import BadRow
from tierline.data.ticket import Ticket
from tierline.serving.backlog.scoring import nameless
from tierline.serving.commands.shared import errors

_MAX_NAME: Final = 1_000
Shown = TypeVar("Shown", bound=BaseModel)

TicketArgument = Annotated[
    str,
    typer.Argument(
        metavar="TICKET",
        help="The ticket's words, a ticket as a JSON object, or a file of tickets.",
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


def sources_of(argument: str, mapping: str | None = None) -> Iterator[Source]:
    """Yield the tickets that an argument stands for; unusable rows of a file are told.

    Raises:
        InputError: for JSON that is no ticket, or a file that is unusable as a whole.
    """
    if argument.lstrip().startswith("{"):
        ticket = _ticket(argument)
        yield Source(ticket, ticket.id)
    elif _names_a_file(argument):
        for row in TicketFile(Path(argument), parse_map(mapping)):
            if isinstance(row, BadRow):
                errors.print(f"row {row.number}: left out: {row.reason}", markup=False)
            else:
                yield Source(nameless(row), row.ticket.id)
    else:
        yield Source(Ticket(body=argument), None)


def _names_a_file(argument: str) -> bool:
    one_word = len(argument) < _MAX_NAME and "\n" not in argument
    return one_word and Path(argument).suffix.lower() in SUFFIXES


def _ticket(text: str) -> Ticket:
    try:
        return Ticket.model_validate_json(text)
    except ValidationError as error:
        problems = (
            f"{'.'.join(map(str, e['loc'])) or 'ticket'}: {e['msg']}" for e in error.errors()
        )
        raise InputError("; ".join(problems)) from None
