"""Whether a policy rule's condition holds for a case, and which words made it hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from tierline.data.labels import Severity
from tierline.data.normalise import normalise
from tierline.data.ticket import Ticket
from tierline.serving.policy import Condition
from tierline.serving.policy.durations import span_text

#: Evidence of a wait begins so: it moves with the clock.
WAITED: Final = "waited: "


@dataclass(frozen=True)
class Case:
    """A ticket with all that rules may ask about; labels are None where no model answered.

    ``words`` is the text as phrases are searched in it (see `searchable`). ``later``: how long
    before ``now`` the ticket was described; a wait that it gives has grown by that much since.
    """

    ticket: Ticket
    text: str
    words: str
    severity: Severity | None
    issue_type: str | None
    sentiment: str | None
    now: datetime
    later: timedelta = timedelta(0)

    @property
    def waited(self) -> timedelta | None:
        """The customer's wait so far: as given, else since the ticket was filed, never below 0."""
        if self.ticket.waited_minutes is not None:
            return timedelta(minutes=self.ticket.waited_minutes) + self.later
        if self.ticket.created_at is not None:
            return max(self.now - self.ticket.created_at, timedelta(0))
        return None


def first_match(conditions: Sequence[Condition], case: Case) -> tuple[str, ...] | None:
    """Return the evidence of the first condition that holds, or None when none does."""
    for condition in conditions:
        found = evidence(condition, case)
        if found is not None:
            return found
    return None


def evidence(condition: Condition, case: Case) -> tuple[str, ...] | None:
    """Return what made the condition hold (labels, fields, words), or None if it doesn't.

    A condition on something that isn't known doesn't hold.
    """
    facts = []
    for key, wanted in condition.facts:
        name, read = _FACTS[key]
        fact = read(case)
        holds = fact in wanted if isinstance(wanted, tuple) else fact is not None and fact > wanted
        if not holds:
            return None
        facts.append((name, fact))
    # Most conditions don't hold: what is said of them is written last.
    found = [f"{name}: {_said(fact)}" for name, fact in facts]
    if condition.phrases is not None:
        words = phrases_in(condition.phrases, case.words)
        if not words:
            return None
        found += words
    return tuple(found)


#: What each key of a condition asks about: how it is called, and how it is read from a case.
_FACTS: Final[dict[str, tuple[str, Callable[[Case], Any]]]] = {
    "severity": ("severity", lambda case: case.severity),
    "issue_type": ("issue_type", lambda case: case.issue_type),
    "sentiment": ("sentiment", lambda case: case.sentiment),
    "channel": ("channel", lambda case: (case.ticket.channel or "").casefold()),
    "customer_tier": ("customer_tier", lambda case: case.ticket.customer_tier),
    "waited_over": ("waited", lambda case: case.waited),
    "attempts_over": ("attempts", lambda case: case.ticket.attempts),
    "order_value_over": ("order value", lambda case: case.ticket.order_value),
    "sites_over": ("sites affected", lambda case: case.ticket.sites_affected),
}


def _said(value: object) -> str:
    if isinstance(value, timedelta):
        return span_text(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def searchable(text: str) -> str:
    """Return the text in one case, with single blanks."""
    return " ".join(text.casefold().split())


def phrases_in(phrases: Sequence[str], words: str) -> list[str]:
    """Return the phrases found in searchable text, however they are written, as whole words."""
    return [p for p in phrases if _has_phrase(words, _as_searched(p))]


@lru_cache(maxsize=4096)
def _as_searched(phrase: str) -> str:
    return searchable(normalise(phrase))


def _has_phrase(text: str, phrase: str) -> bool:
    start = text.find(phrase)
    while start >= 0:
        end = start + len(phrase)
        if not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()):
            return True
        start = text.find(phrase, start + 1)
    return False
