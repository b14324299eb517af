"""Words of a ticket that may be shown elsewhere: redacted, one line, no link, no markup."""

import re
import unicodedata
from typing import Final

from tierline.data.normalise import normalise
from tierline.data.redact import redact

#: What a mail or chat program may turn into a link or a mention: a scheme, an @, a domain's dot.
_LINK: Final = re.compile(r"\S*(?:[:/\\]{2}|@|[^\W_]\.[^\W\d_]|www\.|mailto:|tel:)\S*", re.I)
_KEPT: Final = frozenset(".,:;!?'’()%+€$£&-–/ ")
_REFERENCE: Final = re.compile(r"[A-Za-z0-9_#-]{1,40}")


def plain_words(text: str, limit: int) -> str:
    """Return at most ``limit`` characters of what a stranger wrote, as harmless plain words.

    Personal data and secrets are taken out first; then what could be a link or a mention, and
    every sign that templates, HTML, Markdown or chat programs give a meaning to.
    """
    words = _LINK.sub(" ", redact(normalise(text[: limit * 20])))
    kept = "".join(c if _is_plain(c) else " " for c in words)
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def reference(ticket_id: str | None) -> str:
    """Return a ticket's id where it's a plain one such as ``T-1042``, else nothing."""
    return ticket_id if ticket_id is not None and _REFERENCE.fullmatch(ticket_id) else ""


def _is_plain(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN" or character in _KEPT
