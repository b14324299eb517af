"""The report as one HTML page that needs nothing else: no script, no font, no address."""

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

import jinja2

from tierline.serving.page.charts import Picture, picture
from tierline.serving.page.environment import environment
from tierline.training import plots
from tierline.training.answers import TIER, Answers
from tierline.training.calibrate import TARGET_ERROR
from tierline.training.evaluate import FIGURE_NAMES, INTERVALS
from tierline.training.metrics import Figure, HeadReport
from tierline.training.report import duplicates, leaks, mistakes
from tierline.training.report.build import MANY_COPIES, Report
from tierline.training.report.compare import Comparison
from tierline.training.report.costs import OVER, UNDER
from tierline.training.risk import LIMITS
from tierline.training.safety_report import Share

_TEMPLATES: Final = resources.files("tierline.training.report") / "templates"
#: Changed tickets that the page lists; the JSON has them all.
_MOST_CHANGES: Final = 200
_NAMES: Final = {
    **FIGURE_NAMES,
    "issue_type": "issue type",
    TIER: "tier (the whole decision)",
    "calibration_error": "calibration error",
    "risk_coverage_area": "area under risk–coverage",
    "cost": "mean cost per ticket",
}


def write_report(report: Report, html: Path, gate: Mapping[str, Any] | None = None) -> Path:
    """Write the page, and the JSON beside it; return the path of the JSON.

    ``gate`` is what a retraining came to (see `retraining.outcome`), for the top of the page.

    Raises:
        OSError: when a file can't be written.
    """
    data = html.with_suffix(".json")
    html.write_text(render(report, gate), encoding="utf-8")
    data.write_text(json.dumps(report.as_json(), indent=2) + "\n", encoding="utf-8")
    return data


def render(report: Report, gate: Mapping[str, Any] | None = None) -> str:
    """Return the page. Everything in it is escaped: whoever wrote the tickets is unknown."""
    heads = dict(report.evaluation.model) | ({TIER: report.tier} if report.tier else {})
    return (
        _environment()
        .get_template("page.html")
        .render(
            report=report,
            gate=gate,
            evaluation=report.evaluation,
            heads=heads,
            pictures={h: _pictures(report, r) for h, r in heads.items()},
            intervals=INTERVALS,
            limits=LIMITS,
            changes=_by_effect(report.comparison),
            most_changes=_MOST_CHANGES,
            target_error=TARGET_ERROR,
            under=UNDER,
            over=OVER,
            leak_limits=leaks,
            most_mistakes=mistakes.MOST_MISTAKES,
            similar=duplicates.SIMILAR,
            many_copies=MANY_COPIES,
        )
    )


def _environment() -> jinja2.Environment:
    made = environment(_TEMPLATES)
    made.filters |= {"percent": _percent, "interval": _interval, "name": _name}
    made.filters |= {"share": _share, "whole": _whole_percent}
    return made


def _pictures(report: Report, head: HeadReport) -> list[Picture]:
    """Draw what a head's figures look like: risk–coverage, reliability, confusion."""
    answers: Answers = report.evaluation.answers[head.head]
    curve = report.evaluation.risk[head.head]
    name = _name(head.head)
    return [
        picture(
            f"risk–coverage curve of {name}: errors by share answered, area {curve.area}",
            lambda: plots.risk_coverage(head.head, curve),
        ),
        picture(
            f"reliability diagram of {name}: share correct by confidence",
            lambda: plots.reliability_diagram(head.head, answers.confidence, answers.correct),
        ),
        picture(
            f"confusion matrix of {name}: rows are the truth, columns the answer",
            lambda: plots.confusion_matrix(head),
        ),
    ]


def _by_effect(comparison: Comparison | None) -> dict[str, dict[str, int]]:
    """Return by head how many tickets are now right, now wrong, or changed otherwise."""
    counts: dict[str, dict[str, int]] = {}
    for change in comparison.changes if comparison else ():
        effects = counts.setdefault(change.head, {"now right": 0, "now wrong": 0, "–": 0})
        effects[change.effect] += 1
    return counts


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _whole_percent(value: float) -> str:
    return f"{value:.0%}"


def _interval(figure: Figure) -> str:
    return f"{figure.low:.3f} – {figure.high:.3f}"


def _share(share: Share) -> dict[str, Any]:
    """Return a share's value and interval, None without tickets."""
    if not share.count:
        return {"value": None}
    low, high = share.interval
    return {"value": share.hits / share.count, "low": low, "high": high}


def _name(key: str) -> str:
    """Return the words for a figure or head; a label of the user's own stays as it is."""
    return _NAMES.get(key, key)
