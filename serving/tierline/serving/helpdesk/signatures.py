"""Who really sent a webhook: each help desk's own proof, compared in constant time.

Zendesk signs the time and the body:
https://developer.zendesk.com/documentation/webhooks/verifying/
Jira signs the body of webhooks that an administrator made with a secret:
https://developer.atlassian.com/cloud/jira/platform/webhooks/#secure-admin-webhooks
Freshdesk signs nothing; its automations can send headers or a user and password:
https://support.freshdesk.com/support/solutions/articles/132589-using-webhooks-in-automation-rules
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from tierline.data.errors import RowError
from tierline.data.helpdesk.times import read_time

#: Older signed times are replays. Zendesk names no limit; five minutes are usual.
ZENDESK_WINDOW: Final = timedelta(minutes=5)
SECRET_HEADER: Final = "X-Tierline-Secret"  # noqa: S105 (a name)
Headers = Mapping[str, str]


def signed_by_zendesk(secret: bytes, headers: Headers, body: bytes, now: datetime) -> bool:
    """Return whether the signature is base64(HMAC-SHA256(timestamp + body)), and recent."""
    stamp = headers.get("X-Zendesk-Webhook-Signature-Timestamp", "")
    digest = hmac.new(secret, _bytes(stamp) + body, hashlib.sha256).digest()
    same = _same(base64.b64encode(digest), headers.get("X-Zendesk-Webhook-Signature", ""))
    return same and _recent(stamp, now)


def signed_by_jira(secret: bytes, headers: Headers, body: bytes, now: datetime) -> bool:
    """Return whether the signature is ``sha256=`` and the HMAC-SHA256 of the body in hex."""
    digest = hmac.new(secret, body, hashlib.sha256).hexdigest()
    return _same(f"sha256={digest}".encode(), headers.get("X-Hub-Signature", ""))


def sent_by_freshdesk(secret: bytes, headers: Headers, body: bytes, now: datetime) -> bool:
    """Return whether the secret came along: as a header of its own, or as basic auth's password.

    It proves who sent the request, not that the body arrived as it was sent: use TLS.
    """
    scheme, _, credentials = headers.get("Authorization", "").partition(" ")
    try:
        pair = base64.b64decode(credentials.strip(), validate=True)
    except (binascii.Error, ValueError):
        pair = b""
    _, _, password = pair.partition(b":")
    basic = hmac.compare_digest(password, secret) and scheme.lower() == "basic"
    return _same(secret, headers.get(SECRET_HEADER, "")) or basic


def _same(expected: bytes, found: str) -> bool:
    return hmac.compare_digest(expected, _bytes(found))


def _bytes(header: str) -> bytes:
    """Return a header as it was sent; servers read headers as Latin-1."""
    return header.encode("latin-1", "replace")


def _recent(stamp: str, now: datetime) -> bool:
    try:
        signed_at = read_time(stamp)
    except RowError:
        return False
    return isinstance(signed_at, datetime) and abs(now - signed_at) <= ZENDESK_WINDOW
