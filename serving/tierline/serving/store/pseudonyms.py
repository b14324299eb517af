"""Keyed hashes that stand for the ids of tickets and customers.

The same id gives the same hash, so that all rows of a ticket or customer can be found; without
the key nobody can try ids until one fits. The key comes from ``TIERLINE_STORE_KEY``; without it,
a random one is kept in the store, which protects exports and single tables but not from whoever
has the whole store.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from tierline.data.errors import StoreError
from tierline.serving.store.schema import settings

KEY_VARIABLE: Final = "TIERLINE_STORE_KEY"
_LEAST_CHARS: Final = 16
_KEY: Final = "key"
_CHECK: Final = "key_check"


@dataclass(frozen=True)
class Pseudonyms:
    """Hashes with one key."""

    key: bytes

    def __repr__(self) -> str:
        return "Pseudonyms(…)"

    def of(self, kind: str, value: str) -> str:
        """Return the hash of an id: 64 hexadecimal digits. Kinds don't share hashes."""
        return hmac.new(
            self.key, f"{kind}:{value}".encode("utf-8", "surrogatepass"), hashlib.sha256
        ).hexdigest()

    def ticket(self, ticket_id: str) -> str:
        """Return what stands for a ticket's id."""
        return self.of("ticket", ticket_id)

    def customer(self, customer: str) -> str:
        """Return what stands for a customer's id."""
        return self.of("customer", customer)


def key_of_environment() -> Pseudonyms | None:
    """Return the hashes with the variable's key, None where it isn't set.

    Raises:
        StoreError: for a key that can be guessed.
    """
    own = os.environ.get(KEY_VARIABLE, "")
    if own and len(own) < _LEAST_CHARS:
        raise StoreError(
            f"{KEY_VARIABLE}: expected {_LEAST_CHARS} characters or more; found {len(own)}. "
            "Make one with: python -c 'import secrets; print(secrets.token_hex(32))'"
        )
    return Pseudonyms(own.encode()) if own else None


def make_key(connection: Connection) -> None:
    """Give a new store its key, or the mark by which the variable's key is known again."""
    if _settings(connection):
        return
    own = key_of_environment()
    key = own or Pseudonyms(secrets.token_hex(32).encode())
    rows = [{"name": _CHECK, "value": key.of("check", "")}]
    if own is None:
        rows.append({"name": _KEY, "value": key.key.decode()})
    connection.execute(settings.insert(), rows)


def read_key(connection: Connection) -> Pseudonyms:
    """Return the hashes with the store's key.

    Raises:
        StoreError: when the variable holds another key than the one the store was made with.
    """
    known = _settings(connection)
    own = key_of_environment()
    key = Pseudonyms(known[_KEY].encode()) if _KEY in known else own
    if key is None or (own or key).of("check", "") != known.get(_CHECK):
        found = "another" if own else "none"
        raise StoreError(
            f"{KEY_VARIABLE}: expected the key that the store was made with; found {found}. Set "
            "it again, or nothing that is stored can be found by ticket or customer"
        )
    return key


def _settings(connection: Connection) -> Mapping[str, Any]:
    rows = connection.execute(select(settings.c.name, settings.c.value))
    return {row.name: row.value for row in rows}
