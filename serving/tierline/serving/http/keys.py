"""API keys: from the environment only, compared in constant time."""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass

from tierline.data.errors import InputError


@dataclass(frozen=True)
class ApiKeys:
    """Accepted keys, held as SHA-256 digests; without keys, every caller is let in."""

    digests: tuple[bytes, ...] = ()

    @classmethod
    def parse(cls, listing: str) -> "ApiKeys":
        """Read comma-separated keys; blanks around them don't count."""
        keys = [key.strip() for key in listing.split(",") if key.strip()]
        return cls(tuple(_digest(key) for key in keys))

    def admit(self, key: str | None) -> bool:
        """Return whether a caller with this key is let in, in time that tells nothing."""
        if not self.digests:
            return True
        found = _digest(key or "")
        # Every digest is compared, whichever one matches.
        return sum(hmac.compare_digest(found, known) for known in self.digests) > 0


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


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
