"""Everything that the report says about one evaluation, computed once for page and JSON."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tierline.data.rows import Row
from tierline.models.runtime.manifest import Manifest
from tierline.training.answers import TIER
from tierline.training.evaluate import Evaluation
from tierline.training.metrics import HeadReport, report_head
from tierline.training.report.compare import Comparison, compare
from tierline.training.report.costs import CostReport, Costs, measure_costs
from tierline.training.report.duplicates import Duplicate, duplicates
from tierline.training.report.leaks import Leak, find_leaks, trained_on
from tierline.training.report.mistakes import (
    Doubt,
    LabelIssues,
    label_issues,
    surest_mistakes,
)
from tierline.training.report.segments import Segmentation, segmentations

#: Version of the JSON: it rises when a key changes its meaning or goes.
SCHEMA: Final = 1
#: Share of near-duplicates from which on they can move a figure by more than its rounding.
MANY_COPIES: Final = 0.01


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a report is made from.

    ``digest`` is the evaluated file's SHA-256. ``trained`` are rows the bundle was trained on,
    None when none were named. ``against`` is another bundle's version and figures.
    """

    rows: Sequence[Row]
    evaluation: Evaluation
    manifest: Manifest
    digest: str
    costs: Costs
    trained: Sequence[Row] | None = None
    against: tuple[str, Evaluation] | None = None


@dataclass(frozen=True, eq=False)
class Report:
    """One evaluation in full; ``duplicates`` and ``comparison`` are None where not asked for."""

    evaluation: Evaluation
    manifest: Manifest
    digest: str
    tier: HeadReport | None
    costs: tuple[CostReport, ...]
    segmentations: tuple[Segmentation, ...]
    mistakes: tuple[Doubt, ...]
    label_issues: tuple[LabelIssues, ...]
    duplicates: tuple[Duplicate, ...] | None
    leaks: tuple[Leak, ...]
    comparison: Comparison | None

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON: the evaluation's keys and the report's own."""
        promise = self.manifest.certificate
        copies = None if self.duplicates is None else [d.as_json() for d in self.duplicates]
        return self.evaluation.as_json() | {
            "schema": SCHEMA,
            "bundle": self.manifest.version,
            "certificate": promise.model_dump() if promise else None,
            "file_sha256": self.digest,
            "tier": self.tier.as_json() if self.tier else None,
            "costs": [c.as_json() for c in self.costs],
            "segments": [s.as_json() for s in self.segmentations],
            "confident_mistakes": [m.as_json() for m in self.mistakes],
            "label_issues": [i.as_json() for i in self.label_issues],
            "near_duplicates": copies,
            "leak_warnings": [leak.as_json() for leak in self.leaks],
            "against": self.comparison.as_json() if self.comparison else None,
        }


def build_report(given: Inputs, progress: Callable[[float, str], None]) -> Report:
    """Compute the whole report; ``progress`` is told the share done and what comes next."""
    rows, evaluation = given.rows, given.evaluation
    answers = evaluation.answers
    progress(0.0, "costs")
    costs = measure_costs(answers, given.costs)
    progress(0.1, "segments")
    divided = segmentations(rows, answers)
    progress(0.3, "label errors")
    issues = label_issues(rows, answers)
    progress(0.4, "near-duplicates")
    copies = None if given.trained is None else duplicates(rows, given.trained)
    progress(0.6, "leaks")
    leaks = (*find_leaks(rows, answers), *_learnt_from(given), *_copied(copies, len(rows)))
    progress(0.7, "comparison")
    this = (given.manifest.version, evaluation)
    return Report(
        evaluation,
        given.manifest,
        given.digest,
        _tier_report(evaluation),
        costs,
        divided,
        surest_mistakes(rows, answers),
        issues,
        copies,
        leaks,
        compare(rows, this, given.against, given.costs) if given.against else None,
    )


def _tier_report(evaluation: Evaluation) -> HeadReport | None:
    a = evaluation.answers.get(TIER)
    return report_head(TIER, a.labels, a.truth, a.predicted, a.confidence) if a else None


def _learnt_from(given: Inputs) -> tuple[Leak, ...]:
    known = given.manifest.data.get("files", {}).values()
    return trained_on(given.rows, given.digest in known)


def _copied(copies: Sequence[Duplicate] | None, count: int) -> tuple[Leak, ...]:
    if not copies or len(copies) < MANY_COPIES * count:
        return ()
    text = f"{len(copies)} of {count} tickets nearly repeat a ticket the bundle was trained on"
    return (Leak("near_duplicates", None, text),)
