"""Check what a labels file says, and work out where each name that is gone leads.

`label_book` says how the file is written.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from tierline.data.labels import HEADS, LABELS, PROTECTED

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class _Label(BaseModel):
    """A label's history. ``retired`` with ``merged_into`` is a merge."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    retired: bool = Field(default=False, strict=True)
    renamed_from: tuple[Name, ...] = ()
    merged_into: Name | None = None


_Head = dict[Name, _Label]
_FILE: Final = TypeAdapter(dict[str, _Head])
_KEYS: Final = ", ".join(_Label.model_fields)


def checked(data: Mapping[str, Any]) -> tuple[dict[str, dict[str, str | None]], list[str]]:
    """Return, by head, where each name that is gone leads, and every problem with its key's path.

    The first is only sound where there is no problem.
    """
    problems = [f"{k}: unknown key; expected {', '.join(HEADS)}" for k in data if k not in HEADS]
    try:
        heads = _FILE.validate_python({k: v for k, v in data.items() if k in HEADS})
    except ValidationError as error:
        return {}, problems + [_problem(dict(e)) for e in error.errors()]
    for head, labels in heads.items():
        found = (*_protected(head, labels), *_renames(labels), *_merges(head, labels))
        problems += [f"{head}.{problem}" for problem in found]
    if problems:
        return {}, problems
    return {head: _becomes(labels) for head, labels in heads.items()}, []


def _problem(error: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        return f"{where}: unknown key; expected {_KEYS}"
    return f"{where}: {error['msg']}"


def _protected(head: str, labels: _Head) -> Iterator[str]:
    """Yield the labels that safety depends on and that the file would do away with."""
    why = PROTECTED.get(head, {})
    old = {name: label for label, entry in labels.items() for name in entry.renamed_from}
    for label, reason in why.items():
        entry = labels.get(label, _Label())
        if entry.retired or entry.merged_into is not None:
            yield f"{label}: can't be retired or merged: {reason}"
        # A severity of another name is mapped by the policy; an incident's label is not.
        if label in old and head != "severity":
            yield f"{old[label]}.renamed_from: {label} can't be renamed: {reason}"


def _renames(labels: _Head) -> Iterator[str]:
    """Yield the names that are renamed away and yet current, or renamed twice."""
    new: dict[str, str] = {}
    for label, entry in labels.items():
        for name in entry.renamed_from:
            if name in labels:
                yield (
                    f"{label}.renamed_from: {name} is a label of this file too; a name is current "
                    f"or renamed away: take it out here, or take [….{name}] out"
                )
            elif new.setdefault(name, label) != label:
                yield f"{label}.renamed_from: {name} was renamed to {new[name]} already"


def _merges(head: str, labels: _Head) -> Iterator[str]:
    """Yield the merges that don't end at a label in use."""
    renamed = {name: label for label, entry in labels.items() for name in entry.renamed_from}
    for label, entry in labels.items():
        if entry.merged_into is None:
            continue
        chain = _chain(label, labels)
        last = chain[-1]
        if last in chain[:-1]:
            yield f"{label}.merged_into: goes round in a circle: {' → '.join(chain)}"
        elif last in renamed:
            yield f"{label}.merged_into: {last} was renamed: say {renamed[last]}"
        elif last not in labels and last not in LABELS[head]:
            yield (
                f"{label}.merged_into: unknown label {last}; a label of your own needs a table "
                f"here, if only an empty one: [{head}.{last}]"
            )
        elif last in labels and labels[last].retired:
            yield f"{label}.merged_into: {last} is retired; merge into a label that is in use"


def _chain(label: str, labels: _Head) -> list[str]:
    """Return the label and what it is merged into, step by step, up to a name met before."""
    chain = [label]
    while (entry := labels.get(chain[-1])) and entry.merged_into is not None:
        chain.append(entry.merged_into)
        if chain.count(entry.merged_into) > 1:
            break
    return chain


def _becomes(labels: _Head) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for label, entry in labels.items():
        last = _chain(label, labels)[-1]
        successor = None if last in labels and labels[last].retired else last
        names = [*entry.renamed_from, *([label] if successor != label else [])]
        found |= dict.fromkeys(names, successor)
    return found
