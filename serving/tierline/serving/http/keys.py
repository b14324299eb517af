"""API keys: from the environment only, as hashes or as they are, compared in constant time."""

import hashlib
import hmac
import ipaddress
import re
import secrets
from dataclasses import dataclass
from typing import Final

from tierline.data.errors import InputError

_HASHED: Final = "sha256:"
_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}")
_KEY_BYTES: Final = 32


@dataclass(frozen=True)
class ApiKeys:
    """Accepted keys, held as SHA-256 digests; without keys, every caller is let in.

    Keys are long and random (see `new_key`): there is nothing to guess, so a fast hash will do.
    """

    digests: tuple[bytes, ...] = ()

    @classmethod
    def parse(cls, listing: str) -> "ApiKeys":
        """Read comma-separated keys, or ``sha256:`` hashes of them; blanks around don't count.

        Raises:
            InputError: for a hash that is none.
        """
        keys = [key.strip() for key in listing.split(",") if key.strip()]
        return cls(tuple(_known(key) for key in keys))

    def admit(self, key: str | None) -> bool:
        """Return whether a caller with this key is let in, in time that tells nothing."""
        return not self.digests or self.place(key) is not None

    def place(self, key: str | None) -> int | None:
        """Return which of the keys this is, in time that tells nothing; None for none."""
        found = _digest(key or "")
        # Every digest is compared, whichever one matches.
        same = [hmac.compare_digest(found, known) for known in self.digests]
        return same.index(True) if any(same) else None


def new_key() -> str:
    """Return a random key of 256 bits, fit for headers."""
    return secrets.token_urlsafe(_KEY_BYTES)


def hashed(key: str) -> str:
    """Return what stands for a key in TIERLINE_API_KEYS, and doesn't let anyone in itself."""
    return _HASHED + _digest(key).hex()


def require_keys_for(host: str, keys: ApiKeys, allow_open: bool) -> None:
    """Refuse to answer the world without keys.

    Raises:
        InputError: for an address beyond loopback when there are no keys and no consent.
    """
    if keys.digests or allow_open or _is_loopback(host):
        return
    raise InputError(
        f"--host {host} can be reached from other machines, and no API keys are set. Set "
        "TIERLINE_API_KEYS=key1,key2 or, behind a proxy that checks callers, give --allow-open"
    )


def _known(key: str) -> bytes:
    if not key.startswith(_HASHED):
        return _digest(key)
    digits = key.removeprefix(_HASHED)
    if not _DIGEST.fullmatch(digits):
        raise InputError(
            f"TIERLINE_API_KEYS: expected 64 hexadecimal digits after {_HASHED!r}; found "
            f"{len(digits)} characters that aren't: make a hash with tierline key --hash"
        )
    return bytes.fromhex(digits)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
