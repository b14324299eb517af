"""From the text as it arrived to the words that are read: Unicode, HTML, quoted mail.

Every step is linear in the text's length, so that no author can stall a server. (The HTML and
mail-reply parsers that were tried took 14 seconds to several minutes on 200 kB of hostile
input: unclosed comments, 100,000 nested tags, long runs of one letter.)
"""

import html
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from tierline.data.ticket import MAX_BODY_CHARS, Ticket

_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e007f]"
)
_UNUSABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_BREAK: Final = re.compile("\r\n?|[\u2028\u2029]")
#: UTF-16 that was read byte by byte.
_WIDE: Final = re.compile(r"(?:[^\x00]\x00){4,}")
#: NFKC makes up to 18 characters of one; what is longer than any ticket is cut.
_MAX_CHARS: Final = 2 * MAX_BODY_CHARS
#: A longer run of accents or symbols says no more, and NFKC sorts accents in square time.
_SYMBOLS: Final = re.compile(r"(?:[^\w\s\x00-\x7f]|[\uff9e\uff9f])+")
_MAX_SYMBOLS: Final = 64
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z][a-zA-Z\d]{1,31});")
_MARKUP: Final = re.compile("[<&]")
_MAX_LAYERS: Final = 5
_TAG: Final = re.compile(r"(<[^<>]{1,2000}>)")
_HTML_NAMES: Final = frozenset(
    "a abbr article b big blockquote body br button center code dd div dl dt em figure font footer"  # noqa: SIM905
    " form h1 h2 h3 h4 h5 h6 head header hr html i img input label li link main meta nav o:p ol p"
    " pre s script section small span strike strong style sub sup table tbody td tfoot th thead"
    " title tr tt u ul wbr".split()
)
_INLINE: Final = frozenset(
    "a abbr b big code em font i label s small span strong sub sup tt u wbr".split()  # noqa: SIM905
)
_HIDDEN: Final = frozenset({"script", "style", "head"})
_TAG_NAME: Final = re.compile(r"</?([a-zA-Z][\w:]*)(?=[\s/>])")
_SPACES: Final = re.compile(r"[ \t\u00a0]+")
_LINE_BREAKS: Final = re.compile(r" ?\n[ \n]*")

_QUOTED_LINE: Final = re.compile(r"\s*>")
_QUOTE_HEADER: Final = re.compile(
    r"\s*(?:-{2,} ?(?:original message|ursprüngliche nachricht|message d'origine"
    r"|mensaje original|mensagem original)|on .{6,120} wrote: ?$|am .{6,120} schrieb.{0,120}: ?$"
    r"|le .{6,120} a écrit ?: ?$|el .{6,120} escribió: ?$|em .{6,120} escreveu: ?$)",
    re.IGNORECASE,
)
#: Begins a header that its mail program may have broken after: a day is in the first line.
_DATED: Final = re.compile(r"\s*(?:on|am|le|el|em) (?=\D{0,40}\d)", re.IGNORECASE)
#: Outlook's block above a quote: its first line, and two of the few that follow.
_FROM: Final = re.compile(r"[\s*]*(?:from|von|de)\*? ?:", re.IGNORECASE)
_SENT: Final = re.compile(
    r"[\s*]*(?:sent|date|gesendet|datum|envoyé|enviado|fecha|enviada em|enviada|data)\*? ?:",
    re.IGNORECASE,
)
_SUBJECT: Final = re.compile(r"[\s*]*(?:subject|betreff|objet|asunto|assunto)\*? ?:", re.IGNORECASE)
_BLOCK_LINES: Final = 6
_WROTE_CHARS: Final = 120
#: What somebody forwards carries the matter, and has the same block above it.
_FORWARDED: Final = re.compile(
    r"\s*(?:(?:fwd?|wg|tr|rv|enc) ?:|(?:-{2,} ?|begin )(?:forwarded message"
    r"|weitergeleitete nachricht|message transféré|mensaje reenviado|mensagem encaminhada))",
    re.IGNORECASE,
)
_CLOSING: Final = re.compile(
    r"\s*(?:(?:(?:with )?(?:kind|kindest|best|warm) )?regards|best wishes|cheers|sincerely"
    r"|yours (?:sincerely|faithfully|truly)|mfg"
    r"|(?:mit )?(?:freundlich|best|lieb|viel)en? gr(?:ü|ue)(?:ß|ss)en?|(?:bien )?cordialement"
    r"|(?:un )?(?:cordial )?saludos?(?: cordiale?s?)?|atentamente"
    r"|atenciosamente|(?:com os melhores )?cumprimentos) ?[,.!]? ?",
    re.IGNORECASE,
)
#: A name, a company, a number; a postscript, a question or a cry is none.
_CONTACT: Final = re.compile(r"(?!\s*p\.? ?s\b).{0,60}(?<![?!])", re.IGNORECASE)
_MOST_CONTACTS: Final = 6
_SIGNATURE: Final = re.compile(
    r"\s*(?:-- ?$|__+ ?$|sent from my |get outlook for |von meinem iphone gesendet"
    r"|envoyé de mon |enviado desde mi |enviado do meu )",
    re.IGNORECASE,
)


def normalise(text: str) -> str:
    """Return the text in NFKC, without markup, invisible or control characters.

    Runs of blanks become one blank and runs of line breaks one line break; what exceeds twice the
    longest body is cut. Markup that was
    escaped more than once is undone layer by layer, so that normalising twice changes nothing.
    What a script or style hides is dropped in the outer layer only: escaped, someone wrote it.
    """
    for layer in range(_MAX_LAYERS):
        before, text = text, _without_a_layer(text, hide=layer == 0)
        if text == before or not _MARKUP.search(text):
            return text
    return _without_a_layer(_MARKUP.sub(" ", text), hide=False)


def _without_a_layer(text: str, *, hide: bool) -> str:
    text = _without_markup(text, hide=hide)
    text = _BREAK.sub("\n", _WIDE.sub(lambda match: match[0].replace("\x00", ""), text))
    text = _UNUSABLE.sub(" ", text)
    if not text.isascii():  # ASCII is in NFKC, and has nothing to be dropped
        text = unicodedata.normalize("NFKC", _short_runs(_INVISIBLE.sub("", text)))
        text = _short_runs(text[:_MAX_CHARS])
    text = text[:_MAX_CHARS]
    return _LINE_BREAKS.sub("\n", _SPACES.sub(" ", text)).strip()


def _short_runs(text: str) -> str:
    return _SYMBOLS.sub(lambda match: match[0][:_MAX_SYMBOLS], text)


def without_quotes(text: str, *, forwarded: bool = False) -> str:
    """Drop quoted replies and the signature from a normalised mail body.

    Outlook's blocks stay where the mail is known to be ``forwarded``, or says so itself. When
    nothing else is left, the text comes back whole: a quote is better than no words.
    """
    kept: list[str] = []
    lines = text.split("\n")
    for i, line in enumerate(lines):
        forwarded = forwarded or _FORWARDED.match(line) is not None
        block = not forwarded and _is_block(lines[i : i + _BLOCK_LINES])
        if block or _is_quote_header(lines[i : i + 2]) or _SIGNATURE.match(line):
            break
        if not _QUOTED_LINE.match(line):
            kept.append(line)
    return "\n".join(_without_closing(kept)).strip() or text


def _is_block(lines: Sequence[str]) -> bool:
    """Return whether the lines begin with what Outlook writes above a quote."""
    first, *rest = lines
    found = _FROM.match(first) and any(map(_SENT.match, rest)) and any(map(_SUBJECT.match, rest))
    return bool(found)


def _is_quote_header(lines: Sequence[str]) -> bool:
    """Return whether "On … wrote:" stands in the first line, or is broken into the second."""
    first = lines[0]
    broken = _DATED.match(first) and len(first) <= _WROTE_CHARS
    joined = " ".join(map(str.strip, lines)) if broken else first
    return bool(_QUOTE_HEADER.match(first) or _QUOTE_HEADER.match(joined))


def _without_closing(lines: list[str]) -> list[str]:
    """Return the lines up to "Kind regards", where only a few short ones follow it."""
    for i in range(max(0, len(lines) - 1 - _MOST_CONTACTS), len(lines)):
        if _CLOSING.fullmatch(lines[i]) and all(map(_CONTACT.fullmatch, lines[i + 1 :])):
            return lines[:i]
    return lines


def model_texts(ticket: Ticket) -> tuple[str, str]:
    """Return the subject and body that the model reads: normalised, unquoted, said once.

    Help desks often repeat the subject as the body's first words; it is then dropped.
    """
    subject = normalise(ticket.subject)
    body = without_quotes(normalise(ticket.body), forwarded=bool(_FORWARDED.match(subject)))
    if subject and body.casefold().startswith(subject.casefold()):
        subject = ""
    return subject, body


def plain_text(ticket: Ticket) -> str:
    """Return `model_texts` in one string, uncut, as other libraries take them."""
    return "\n".join(filter(None, model_texts(ticket)))


def full_text(ticket: Ticket) -> str:
    """Return all normalised words of the ticket, quotes included: what the rules read."""
    subject, body = normalise(ticket.subject), normalise(ticket.body)
    return f"{subject}\n{body}" if subject and body else subject or body


def _without_markup(text: str, *, hide: bool) -> str:
    """Return HTML as text; anything in angle brackets that is no HTML tag stays."""
    if "<" in text:
        text = "".join(_visible_pieces(_TAG.split(text), hide=hide))
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text)


def _visible_pieces(pieces: list[str], *, hide: bool) -> list[str]:
    """Keep text, turn block tags into line breaks, and skip scripts and styles if to ``hide``.

    ``pieces`` alternates text and bracketed runs, as ``re.split`` with one group gives them.
    """
    out: list[str] = []
    hidden: str | None = None
    names = [_tag_name(piece) if i % 2 else None for i, piece in enumerate(pieces)]
    last_end = {names[i]: i for i, piece in enumerate(pieces) if piece.startswith("</")}
    for i, (name, piece) in enumerate(zip(names, pieces, strict=True)):
        if hidden is not None:
            if name == hidden and piece.startswith("</"):
                hidden = None
        elif name is None:
            out.append(piece)
        elif hide and name in _HIDDEN and not piece.startswith("</"):
            hidden = name if last_end.get(name, 0) > i else None
        elif name not in _INLINE:
            out.append("\n")
    return out


def _tag_name(piece: str) -> str | None:
    if piece.startswith("<!"):
        return "comment"
    match = _TAG_NAME.match(piece)
    name = match.group(1).lower() if match else None
    return name if name in _HTML_NAMES else None
