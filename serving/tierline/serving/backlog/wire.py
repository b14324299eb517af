"""How a job and its processes talk: parts of bytes with their lengths, objects in them as JSON.

Nothing that is received is unpickled.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import IO, Any, Final

from pydantic import TypeAdapter

from tierline.models.runtime.graph import Device
from tierline.serving.backlog.inputs import Stretch
from tierline.serving.backlog.summary import Chunk

_LENGTH: Final = struct.Struct(">Q")


@dataclass(frozen=True)
class Told:
    """What a process is told first: by what it answers.

    ``policy`` is the policy's content, ``bundle`` the model's folder, None for the rules alone,
    and ``out`` the answers' file, whose name says how answers are written. ``versions`` are those
    of code, policy and model that it must come to, too. ``device`` computes the model.
    """

    policy: dict[str, Any]
    bundle: str | None
    what_if: bool
    now: datetime
    out: str
    versions: tuple[str, str, str | None]
    device: Device = Device.CPU


def send(stream: IO[bytes], *parts: bytes) -> None:
    """Write a message of some parts."""
    for number in (len(parts), *map(len, parts)):
        stream.write(_LENGTH.pack(number))
    for part in parts:
        stream.write(part)
    stream.flush()


def receive(stream: IO[bytes]) -> list[bytes]:
    """Return the parts of the next message.

    Raises:
        EOFError: when the other side is gone.
    """
    lengths = [_number(stream) for _ in range(_number(stream))]
    return [_exactly(stream, length) for length in lengths]


def _number(stream: IO[bytes]) -> int:
    (number,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    return int(number)


def _exactly(stream: IO[bytes], length: int) -> bytes:
    found = stream.read(length)
    if len(found) < length:
        raise EOFError
    return found


def told_bytes(told: Told) -> bytes:
    """Return what a process is told as JSON.

    Raises:
        ValueError: when JSON can't hold it, as for `stretch_bytes`.
    """
    _refuse_odd(told.now)
    return _TOLD.dump_json(told)


def told_from(found: bytes) -> Told:
    """Return what `told_bytes` was given."""
    return _TOLD.validate_json(found)


def stretch_bytes(stretch: Stretch) -> bytes:
    """Return a stretch as JSON.

    Raises:
        ValueError: when it holds what JSON can't: a file's name that is no Unicode, or a time
            whose distance to UTC has seconds (clocks before 1937 had them).
    """
    for row in stretch.rows:
        _refuse_odd(row.ticket.created_at)
    return _STRETCH.dump_json(stretch, exclude_defaults=True)


def _refuse_odd(time: datetime | None) -> None:
    if time is not None and (time.utcoffset() or timedelta(0)) % timedelta(minutes=1):
        raise ValueError("the distance to UTC has seconds")


def stretch_from(found: bytes) -> Stretch:
    """Return an equal stretch to what `stretch_bytes` was given."""
    return _STRETCH.validate_json(found)


def chunk_parts(chunk: Chunk) -> tuple[bytes, bytes, bytes]:
    """Return a chunk as JSON without its two long parts, and these."""
    short = replace(chunk, answers=b"", aside=b"")
    return _CHUNK.dump_json(short), chunk.answers, chunk.aside


def chunk_from(parts: Sequence[bytes]) -> Chunk:
    """Return the chunk that `chunk_parts` was given."""
    short, answers, aside = parts
    return replace(_CHUNK.validate_json(short), answers=answers, aside=aside)


_TOLD: Final = TypeAdapter(Told)
_STRETCH: Final = TypeAdapter(Stretch)
_CHUNK: Final = TypeAdapter(Chunk)
