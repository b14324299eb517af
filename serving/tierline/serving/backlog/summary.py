"""What a scoring job did, in counts, and one stretch of its work."""

from collections import Counter
from dataclasses import dataclass, field, fields

from tierline.serving.routing.recommendation import Recommendation


@dataclass
class Summary:
    """What a scoring job did, in counts.

    ``alarmed`` are those of the ``quarantined`` rows on whose words a safety rule fires.
    """

    answered: int = 0
    quarantined: int = 0
    alarmed: int = 0
    tiers: Counter[int] = field(default_factory=Counter)
    severities: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    reviews: Counter[str] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)

    def add(self, answer: Recommendation) -> None:
        """Count one answer."""
        self.answered += 1
        self.tiers[answer.tier] += 1
        self.severities[answer.severity or "unknown"] += 1
        self.rules.update({reason.rule for reason in answer.reasons})
        self.modes[answer.mode] += 1
        if answer.stage is not None:
            self.stages[answer.stage] += 1
        if answer.review_reason is not None:
            self.reviews[str(answer.review_reason)] += 1

    def __add__(self, other: "Summary") -> "Summary":
        """Return the counts of both."""
        both = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        return Summary(**both)


@dataclass(frozen=True)
class Chunk:
    """A stretch of the backlog, done.

    ``records`` counts its rows, good and bad. ``answers`` and ``aside`` are what is appended to
    the answers' part file and to the quarantine's. ``share`` is the share of the backlog that is
    read at its end, 0 to 1. ``last`` is the file of its last row.
    """

    records: int
    answers: bytes
    aside: bytes
    summary: Summary
    share: float
    last: str | None = None
