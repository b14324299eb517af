"""Where the model was surest and wrong, and where the label may be what is wrong."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from cleanlab.filter import find_label_issues

from tierline.data.normalise import full_text
from tierline.data.rows import Row
from tierline.training.answers import Answers
from tierline.training.report.shown import shown, shown_id

MOST_MISTAKES: Final = 25
#: Suspected label errors shown per head.
MOST_ISSUES: Final = 25
#: Fewer rows than this say too little about how often a label is confused with another.
_MIN_ROWS: Final = 20


@dataclass(frozen=True)
class Doubt:
    """One ticket whose label and answer differ.

    ``confidence`` is the model's in its answer, 0 to 1; ``in_label`` its probability for the
    label given, None for the tier.
    """

    id: str | None
    head: str
    label: str
    predicted: str
    confidence: float
    in_label: float | None
    shown: str

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class LabelIssues:
    """Suspected label errors of one head, the most suspect first; ``found`` counts them all."""

    head: str
    found: int
    count: int
    first: tuple[Doubt, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)


def surest_mistakes(rows: Sequence[Row], answers: Mapping[str, Answers]) -> tuple[Doubt, ...]:
    """Return the `MOST_MISTAKES` most confident wrong answers of all heads, the surest first."""
    wrong = [
        (-float(a.confidence[i]), head, int(i))
        for head, a in answers.items()
        if a.probabilities is not None
        for i in np.flatnonzero(~a.correct)
    ]
    return tuple(_doubt(answers[h], i, rows) for _, h, i in sorted(wrong)[:MOST_MISTAKES])


def label_issues(rows: Sequence[Row], answers: Mapping[str, Answers]) -> tuple[LabelIssues, ...]:
    """Return suspected label errors by head: cleanlab's confident learning.

    Northcutt, Jiang and Chuang, JAIR 2021, "Confident Learning". The model must not have
    learnt from these rows; it would have learnt the wrong labels too.
    """
    return tuple(_issues(rows, a) for a in answers.values() if a.probabilities is not None)


def _issues(rows: Sequence[Row], answers: Answers) -> LabelIssues:
    suspects: Sequence[int] = ()
    if len(answers.rows) >= _MIN_ROWS and len(np.unique(answers.truth)) > 1:
        with warnings.catch_warnings():
            # cleanlab warns of labels that no row has; a small file often lacks some.
            warnings.simplefilter("ignore")
            suspects = find_label_issues(
                answers.truth,
                answers.probabilities,
                return_indices_ranked_by="self_confidence",
                n_jobs=1,
            )
    # cleanlab goes by the likeliest label; a graver one that was answered may be the very label.
    suspects = [int(i) for i in suspects if not answers.correct[i]]
    first = tuple(_doubt(answers, i, rows) for i in suspects[:MOST_ISSUES])
    return LabelIssues(answers.head, len(suspects), len(answers.rows), first)


def _doubt(answers: Answers, i: int, rows: Sequence[Row]) -> Doubt:
    row, truth = rows[answers.rows[i]], answers.truth[i]
    chances = answers.probabilities
    return Doubt(
        shown_id(row.ticket),
        answers.head,
        answers.labels[truth],
        answers.labels[answers.predicted[i]],
        float(answers.confidence[i]),
        None if chances is None else float(chances[i, truth]),
        shown(full_text(row.ticket)),
    )
