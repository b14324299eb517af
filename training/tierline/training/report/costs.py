"""What mistakes cost: a matrix per question, under-triage dearer than over-triage.

A user's own costs are a TOML file with the cells that differ, ``truth`` before ``predicted``::

    [severity.P1]
    P3 = 40      # a true P1 answered as P3
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError

from tierline.data.errors import InputError
from tierline.data.labels import LABELS
from tierline.training.answers import TIER, Answers
from tierline.training.metrics import Figure, bootstrap
from tierline.training.safety_report import Share

Matrix = NDArray[np.float64]
Costs = Mapping[str, Mapping[str, Mapping[str, float]]]
#: One level too low costs five times as much as one too high. Trauma centres, where triage has
#: been measured longest, accept 5% under-triage and 25 to 35% over-triage (American College of
#: Surgeons, "Resources for Optimal Care of the Injured Patient"): they weigh it about so.
UNDER: Final = 5.0
OVER: Final = 1.0
_SEVERITY: Final = "severity"
#: Tier 4 takes feature requests too: it is another desk, no more urgent than tier 3.
_HIGHEST: Final = 2
_CELLS: Final = TypeAdapter(
    dict[str, dict[str, dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]]]]
)


@dataclass(frozen=True, eq=False)
class CostReport:
    """The mean cost of an answer, with its interval, and what the mistakes were.

    ``matrix`` (labels, labels) has the truth in rows. ``best_constant`` is the mean cost of
    giving every ticket the one label that costs least: a model has to stay below it.
    ``too_low`` and ``too_high`` count mistakes by direction, on questions that have one.
    """

    head: str
    labels: tuple[str, ...]
    matrix: Matrix
    mean: Figure
    best_constant: float
    too_low: Share | None
    too_high: Share | None

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self) | {"matrix": self.matrix.tolist()}


def read_costs(path: Path | None) -> Costs:
    """Return the user's cells by question, true label and predicted label; none without a file.

    Raises:
        InputError: when the file isn't TOML or a cost isn't a number from 0 up, naming the key.
    """
    if path is None:
        return {}
    try:
        return _CELLS.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: expected TOML in UTF-8: {error}") from None
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise InputError(
            f"{path}: {key}: expected a cost of 0 or more at HEAD.TRUTH.PREDICTED, "
            "such as severity.P1.P3 = 40"
        ) from None


def check_costs(costs: Costs, labels: Mapping[str, Sequence[str]]) -> None:
    """Refuse keys that the evaluated bundle doesn't have; ``labels`` is by question.

    Raises:
        InputError: naming the key and those that exist.
    """
    for head, truths in costs.items():
        if head not in labels:
            raise InputError(f"costs: {head}: unknown key; expected one of {', '.join(labels)}")
        for truth, cells in truths.items():
            for key, name in ((truth, truth), *((p, f"{truth}.{p}") for p in cells)):
                if key not in labels[head]:
                    expected = ", ".join(labels[head])
                    raise InputError(f"costs: {head}.{name}: unknown key; expected {expected}")


def cost_matrix(head: str, labels: Sequence[str], costs: Costs) -> Matrix:
    """Return the cost of every answer, shape (labels, labels), rows are the truth."""
    matrix = _default(head, labels)
    for truth, cells in costs.get(head, {}).items():
        for predicted, cost in cells.items():
            matrix[labels.index(truth), labels.index(predicted)] = cost
    return matrix


def measure_costs(answers: Mapping[str, Answers], costs: Costs) -> tuple[CostReport, ...]:
    """Measure severity and tier, and every other question that the user gave costs for."""
    heads = [head for head in answers if head in {_SEVERITY, TIER, *costs}]
    return tuple(_measure(answers[h], cost_matrix(h, answers[h].labels, costs)) for h in heads)


def _has_levels(head: str, labels: Sequence[str]) -> bool:
    """Return whether it is known which label is worse: of a user's own severities it isn't."""
    return head == _SEVERITY and set(labels) <= set(LABELS[_SEVERITY])


def _measure(answers: Answers, matrix: Matrix) -> CostReport:
    truth, paid = answers.truth, matrix[answers.truth, answers.predicted]
    (mean,) = bootstrap(lambda rows: (float(paid[rows].mean()),), len(paid))
    constant = float(matrix[truth].mean(axis=0).min())
    low = high = None
    if answers.head == TIER or _has_levels(answers.head, answers.labels):
        # Severity begins with the worst label, tiers with the lowest.
        rise = answers.predicted - truth if answers.head == TIER else truth - answers.predicted
        low, high = (Share(int((s > 0).sum()), len(s)) for s in (-rise, rise))
    return CostReport(answers.head, answers.labels, matrix, mean, constant, low, high)


def _default(head: str, labels: Sequence[str]) -> Matrix:
    """Return `UNDER` per level too low, `OVER` per level too high; 1 where no levels are known."""
    size, scale = len(labels), LABELS[_SEVERITY]
    if head != TIER and not _has_levels(head, labels):
        return 1.0 - np.eye(size)
    if head == TIER:
        level = np.minimum(np.arange(size), _HIGHEST)
    else:
        level = -np.array([scale.index(label) for label in labels])
    too_low = np.subtract.outer(level, level).astype(np.float64)
    cost = np.where(too_low > 0, UNDER * too_low, -OVER * too_low)
    return np.maximum(cost, 1.0 - np.eye(size))
