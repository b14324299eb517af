"""Divide labelled rows into train, validation and test so that figures stay honest."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tierline.data.normalise import full_text
from tierline.data.rare_labels import keep_learnable
from tierline.data.rows import Row

SPLITS: Final = ("train", "validation", "test")
#: What else published sets call the parts.
_ALSO_CALLED: Final = {
    "training": SPLITS[0],
    **dict.fromkeys(("valid", "val", "dev"), SPLITS[1]),
    "testing": SPLITS[2],
}
#: Shares of the rows at which the validation and the test part begin.
SHARES: Final = (0.70, 0.85)
_FINGERPRINT_CHARS: Final = 60
#: A start that more different texts than these have is a form's, and says nothing of the ticket.
_FORM_TEXTS: Final = 10
#: A customer's rows stay together as long as no more than this share of all hangs together.
_MOST_TOGETHER: Final = 0.1
_NO_WORD: Final = re.compile(r"[\W_]+")
#: What copies of one ticket may differ by in front: reply marks, ``case 7:``, a greeting.
_OPENING: Final = re.compile(
    r"(?:\s*(?:(?:re|fwd?|aw|wg|sv|tr|rv)\s*:(?:[^:\n]{0,40}\d\s*[:\n])?|\[[^\]\n]{0,40}\]"
    r"|(?:hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening|day)|hola|hallo|bonjour"
    r"|guten tag|olá)\b(?: [\w.'-]{1,20}){0,3}\s?[,!\n]))*",
    re.IGNORECASE,
)


def assign_splits(rows: Sequence[Row], seed: int) -> dict[str, tuple[Row, ...]]:
    """Return the rows by part, 70 / 15 / 15 where the rows don't say it themselves.

    A ``split`` column is kept as it is (rows naming no known part go to train). Otherwise rows
    that begin with the same 60 letters and digits stay in one part, whatever greeting or reply
    mark stands before these; of a start that more than 10 different texts have (a form's), the
    rows of one text. When every row has a date the newest rows are the test part, whoever wrote
    them: so it will be when the model answers. Else a seeded hash decides, and a customer's rows
    stay in one part too, unless more than a tenth of all rows would hang together by that. A
    label that this leaves mostly outside train, or outside validation, is dealt out anew (see
    `rare_labels`): one that came into use last month would else be tested and never learnt.
    """
    named = [split_of(row) for row in rows]
    said = any(named)
    parts = [name or SPLITS[0] for name in named] if said else _positions_to_parts(rows, seed)
    return {s: tuple(r for r, p in zip(rows, parts, strict=True) if p == s) for s in SPLITS}


def validation_from_train(
    train: Sequence[Row], seed: int
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Return the train and the validation rows of a ``split`` column that names no validation.

    They are divided as rows without such a column, but for the test part, which stays in train.
    """
    parts = _positions_to_parts(train, seed)
    held = [part == SPLITS[1] for part in parts]
    return (
        tuple(row for row, out in zip(train, held, strict=True) if not out),
        tuple(row for row, out in zip(train, held, strict=True) if out),
    )


def split_of(row: Row) -> str | None:
    """Return the part that the row's ``split`` column names, None where it names none."""
    name = row.extra.get("split", "").strip().lower()
    return name if name in SPLITS else _ALSO_CALLED.get(name)


def fingerprint(row: Row) -> str:
    """Return the ticket's first 60 letters and digits, lower-cased: equal means near-duplicate."""
    return _NO_WORD.sub("", full_text(row.ticket).casefold())[:_FINGERPRINT_CHARS]


def _positions_to_parts(rows: Sequence[Row], seed: int) -> list[str]:
    groups = _near_duplicates(rows)
    if all(row.ticket.created_at for row in rows):
        keys = sorted(groups, key=lambda g: min(_time(rows[i]) for i in groups[g]))
    else:
        groups = _with_customers(rows, groups)
        keys = sorted(groups, key=lambda g: hashlib.sha256(f"{seed}:{g}".encode()).digest())
    parts = [""] * len(rows)
    for i, done in _with_share(groups[key] for key in keys):
        parts[i] = SPLITS[sum(done >= share * len(rows) for share in SHARES)]
    keep_learnable(rows, [groups[key] for key in keys], parts)
    return parts


def _near_duplicates(rows: Sequence[Row]) -> dict[str, list[int]]:
    """Return the positions of rows that belong in one part, by a name for each group."""
    texts = [_letters(row) for row in rows]
    of_start: dict[str, set[str]] = {}
    for start, whole in texts:
        of_start.setdefault(start, set()).add(whole)
    groups: dict[str, list[int]] = {}
    for i, (start, whole) in enumerate(texts):
        form = len(of_start[start]) > _FORM_TEXTS
        groups.setdefault(f"{start}:{whole}" if form else start, []).append(i)
    return groups


def _with_customers(rows: Sequence[Row], groups: Mapping[str, list[int]]) -> dict[str, list[int]]:
    """Return the groups, those of a customer as one; those of the smallest customers first."""
    joined = {name: list(group) for name, group in groups.items()}
    now_in = {name: name for name in groups}
    of_customer: dict[str, list[str]] = {}
    for name, group in groups.items():
        for i in group:
            if customer := rows[i].ticket.customer:
                of_customer.setdefault(customer, []).append(name)
    for _, names in sorted(of_customer.items(), key=lambda item: (len(item[1]), item[0])):
        first, *others = sorted({_end(now_in, name) for name in names})
        if sum(len(joined[name]) for name in (first, *others)) <= _MOST_TOGETHER * len(rows):
            for name in others:
                joined[first] += joined.pop(name)
                now_in[name] = first
    return joined


def _end(now_in: Mapping[str, str], name: str) -> str:
    """Return the group that the named one has become part of, by however many steps."""
    while now_in[name] != name:
        name = now_in[name]
    return name


def _letters(row: Row) -> tuple[str, str]:
    """Return the first 60 letters and digits behind the opening, and a hash of all of them."""
    text = full_text(row.ticket).casefold()
    letters = _NO_WORD.sub("", _OPENING.sub("", text, count=1)) or _NO_WORD.sub("", text)
    return letters[:_FINGERPRINT_CHARS], hashlib.sha256(letters.encode()).hexdigest()


def _time(row: Row) -> float:
    return row.ticket.created_at.timestamp() if row.ticket.created_at else 0.0


def _with_share(groups: Iterable[list[int]]) -> Iterable[tuple[int, int]]:
    """Yield each index with the number of rows in the groups before its own."""
    done = 0
    for group in groups:
        yield from ((i, done) for i in group)
        done += len(group)
