"""What a retraining came to, as it is told, recorded and read again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from tierline.data.feedback import Agreement
from tierline.training.retraining.gate import Verdict
from tierline.training.safety_report import Share

#: Exit codes of ``tierline retrain``; failures have others.
PROMOTED: Final = 0
NOT_PROMOTED: Final = 10


@dataclass(frozen=True)
class Outcome:
    """The verdicts on one version; ``champion`` is whom it was judged against, None for nobody.

    ``notes`` tell what became of the tickets and corrections, ``agreement`` how people judged
    the model's answers, by head.
    """

    version: str
    champion: str | None
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...] = ()
    agreement: Mapping[str, Agreement] = field(default_factory=dict)

    @property
    def promoted(self) -> bool:
        """Whether every verdict passed."""
        return all(verdict.passed for verdict in self.verdicts)

    @property
    def exit_code(self) -> int:
        """What the command exits with."""
        return PROMOTED if self.promoted else NOT_PROMOTED

    def lines(self) -> list[str]:
        """Return the verdicts for people, failures last so that they stand above the prompt."""
        ordered = sorted(self.verdicts, key=lambda v: not v.passed)
        return [f"{'✓' if v.passed else '✗'} {v.name}: {v.words}" for v in ordered]

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "version": self.version,
            "champion": self.champion,
            "promoted": self.promoted,
            "verdicts": [v.as_json() for v in self.verdicts],
            "notes": list(self.notes),
            "agreement": {head: asdict(a) for head, a in self.agreement.items()},
        }


def from_json(data: Mapping[str, Any]) -> Outcome:
    """Read what `Outcome.as_json` gave."""
    agreement = {
        head: Agreement(tuple(a["blind"]), tuple(a["seen"]))
        for head, a in data["agreement"].items()
    }
    verdicts = tuple(Verdict(**verdict) for verdict in data["verdicts"])
    notes = tuple(data["notes"])
    return Outcome(data["version"], data["champion"], verdicts, notes, agreement)


def agreement_lines(agreement: Mapping[str, Agreement]) -> list[str]:
    """Return how people judged the model's answers, blind and seen told apart."""
    return [
        f"{head}: right in the blind sample {Share(*a.blind)}; left by people who saw the answer "
        f"{Share(*a.seen)}"
        for head, a in agreement.items()
    ]
