"""Which code decided: short hashes over the sources and tables that an answer depends on."""

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

_SAFETY: Final = ("tierline.serving.safety",)
_DECIDING: Final = (
    *_SAFETY,
    "tierline.serving.routing",
    "tierline.serving.policy",
    "tierline.serving.teams",
    "tierline.serving.clock",
    "tierline.data",
    "tierline.models.runtime",
)
_ANSWERING: Final = (*_DECIDING, "tierline.serving.backlog")


@cache
def rules_version() -> str:
    """Return the version of the safety rules: ``rules-`` and 12 digits of a hash of their code."""
    return "rules-" + _digest(_SAFETY)


@cache
def code_version() -> str:
    """Return the version of all code that decides, the safety rules and redaction included."""
    return "code-" + _digest(_DECIDING)


@cache
def backlog_version() -> str:
    """Return the version of all code that a file of answers depends on: what decides and writes."""
    return "code-" + _digest(_ANSWERING)


def _digest(packages: tuple[str, ...]) -> str:
    total = hashlib.sha256()
    for package in packages:
        for name, source in _files(package, resources.files(package)):
            total.update(f"{name}\n".encode())
            total.update(source.read_bytes().replace(b"\r\n", b"\n"))
    return total.hexdigest()[:12]


def _files(name: str, folder: Traversable) -> Iterator[tuple[str, Traversable]]:
    """Yield all files under the folder with their path; what Python compiled is none of them."""
    for found in sorted(folder.iterdir(), key=lambda found: found.name):
        within = f"{name}/{found.name}"
        if found.is_file():
            yield within, found
        elif found.name != "__pycache__":
            yield from _files(within, found)
