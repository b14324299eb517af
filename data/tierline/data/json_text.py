"""JSON from outside: parsed, or refused in words that repeat nothing of it."""

import json
from typing import Any

from tierline.data.errors import RowError


def parse_json(text: bytes) -> Any:
    """Return what the bytes say, a byte order mark allowed.

    Raises:
        RowError: with what is wrong and where, without the text.
    """
    try:
        return json.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise RowError(f"expected UTF-8; found byte 0x{text[error.start]:02x}") from None
    except json.JSONDecodeError as error:
        raise RowError(f"no valid JSON: {error.msg} at column {error.colno}") from None
    except ValueError:
        raise RowError("no usable JSON: a number with thousands of digits") from None
    except RecursionError:
        raise RowError("no usable JSON: nested too deeply") from None
