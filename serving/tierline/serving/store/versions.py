"""Which code decided: short hashes over the sources that an answer depends on."""

import hashlib
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

_SAFETY: Final = ("tierline.serving.safety",)
_DECIDING: Final = (
    *_SAFETY,
    "tierline.serving.routing",
    "tierline.serving.policy",
    "tierline.data",
    "tierline.models.runtime",
)


@cache
def rules_version() -> str:
    """Return the version of the safety rules: ``rules-`` and 12 digits of a hash of their code."""
    return "rules-" + _digest(_SAFETY)


@cache
def code_version() -> str:
    """Return the version of all code that decides, the safety rules and redaction included."""
    return "code-" + _digest(_DECIDING)


def _digest(packages: tuple[str, ...]) -> str:
    total = hashlib.sha256()
    for package in packages:
        for source in sorted(resources.files(package).iterdir(), key=_name):
            if source.name.endswith(".py"):
                total.update(f"{package}/{source.name}\n".encode())
                total.update(source.read_bytes().replace(b"\r\n", b"\n"))
    return total.hexdigest()[:12]


def _name(source: Traversable) -> str:
    return source.name
