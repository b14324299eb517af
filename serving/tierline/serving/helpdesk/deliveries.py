"""Which webhooks are the same one, delivered again, and which decision answers it.

Help desks deliver again what wasn't answered in time. A delivery is known by the vendor's own id
and its body, or by the body alone:
Zendesk: X-Zendesk-Webhook-Invocation-Id, the same for each attempt of an invocation,
https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/
Jira: X-Atlassian-Webhook-Identifier, the same for each retry,
https://developer.atlassian.com/cloud/jira/platform/webhooks/
Freshdesk: no id; it tries again after 5, 30 and 60 minutes more,
https://support.freshdesk.com/support/solutions/articles/132589-using-webhooks-in-automation-rules
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from tierline.data.helpdesk import Format
from tierline.serving.routing.recommendation import Recommendation

ID_HEADERS: Final = {
    Format.ZENDESK: "X-Zendesk-Webhook-Invocation-Id",
    Format.JIRA: "X-Atlassian-Webhook-Identifier",
}
#: All retries of a help desk come within this.
WINDOW: Final = timedelta(hours=2)
_SPACE: Final = UUID("6f1d6c52-6a0e-4a7e-9d7e-0c9b0f6b7a11")


@dataclass(frozen=True)
class Past:
    """A decision made before, and when."""

    answer: Recommendation
    at: datetime


Find = Callable[[str], Past | None]
Holds = Callable[[Past], bool]


@dataclass(frozen=True)
class Delivery:
    """One webhook. ``dated``: id or body tell it from every other event, however alike.

    Without that, an automation that runs by the hour sends what a retry would send. So an equal
    body is the same event for two hours, and only while the clock alone doesn't change its answer.
    """

    digest: str
    dated: bool

    @classmethod
    def of(
        cls, desk: Format, headers: Mapping[str, str], body: bytes, *, dated: bool
    ) -> "Delivery":
        """Return the delivery of a body; ``dated`` says that the body names the event's time."""
        own = headers.get(ID_HEADERS.get(desk, ""), "")
        # What is signed comes first: an id in a header isn't.
        parts = (desk.encode(), b"" if dated else own.encode(), body)
        digest = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts))
        return cls(digest.hexdigest(), dated or bool(own))

    def decision(
        self, now: datetime, find: Find, holds: Holds = lambda _: True
    ) -> tuple[str, Past | None]:
        """Return the id of the decision that answers it, and the decision if it was made before.

        A decision that no longer ``holds``, by what people have said since, answers nothing.
        Ids follow from the delivery, so that two servers that get it at once make one decision.
        """
        name = ""
        for first in self._first_ids(now):
            name = first
            while (past := find(name)) is not None:
                if (self.dated or _stands(past, now)) and holds(past):
                    return name, past
                name = _id(name, "then")
        return name, None

    def _first_ids(self, now: datetime) -> Iterator[str]:
        """Yield the ids that decisions of these hours begin with, the earlier hours' first."""
        if self.dated:
            yield _id(self.digest, "")
            return
        hours = int(now.astimezone(UTC).timestamp() // WINDOW.total_seconds())
        yield from (_id(self.digest, str(n)) for n in (hours - 1, hours))


def _stands(past: Past, now: datetime) -> bool:
    review = past.answer.next_review_at
    return now - past.at < WINDOW and (review is None or now < review)


def _id(*parts: str) -> str:
    return str(uuid5(_SPACE, "/".join(parts)))
