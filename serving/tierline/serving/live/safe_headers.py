"""Headers of every answer: browsers are to keep, show and guess nothing."""

from typing import Final

SAFE_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
#: The policy of all but pages.
NOTHING_LOADS: Final = "default-src 'none'; frame-ancestors 'none'"
