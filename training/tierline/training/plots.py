"""Pictures of an evaluation: confusion matrices, reliability and risk–coverage diagrams."""

from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tierline.training.metrics import HeadReport
from tierline.training.risk import RiskCoverage

_BINS: Final = 10


def confusion_matrix(report: HeadReport) -> Figure:
    """Return a picture of a head's confusion matrix, rows are the truth."""
    size = len(report.labels)
    figure = Figure(figsize=(2.5 + 0.5 * size, 2.0 + 0.5 * size), layout="constrained")
    axes = figure.add_subplot()
    shares = report.confusion / np.maximum(report.confusion.sum(axis=1, keepdims=True), 1)
    # An empty cell stays blank, so that the picture suits a dark page too.
    axes.imshow(np.ma.masked_equal(shares, 0), cmap="Blues", vmin=0, vmax=1)
    for (i, j), count in np.ndenumerate(report.confusion):
        if count:
            colour = "white" if shares[i, j] > 0.5 else "black"  # noqa: PLR2004
            axes.text(j, i, str(count), ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(size), report.labels, rotation=60, ha="right")
    axes.set_yticks(range(size), report.labels)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(f"{report.head}: {report.count} tickets")
    return figure


def reliability_diagram(
    head: str, confidence: NDArray[np.float64], correct: NDArray[np.bool_]
) -> Figure:
    """Return accuracy by confidence bin; on the diagonal, confidence means what it says."""
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    axes = figure.add_subplot()
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    used = np.unique(bins)
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=1)
    axes.bar(
        (used + 0.5) / _BINS,
        [correct[bins == b].mean() for b in used],
        width=0.9 / _BINS,
        color="tab:blue",
        alpha=0.7,
    )
    for b in used:
        axes.text((b + 0.5) / _BINS, 0.01, str((bins == b).sum()), ha="center", fontsize=7)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("confidence (tickets per bin below)")
    axes.set_ylabel("share correct")
    axes.set_title(head)
    return figure


def risk_coverage(head: str, risk: RiskCoverage) -> Figure:
    """Return the share of errors by the share of tickets answered, the surest first."""
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    axes = figure.add_subplot()
    coverage, errors = np.array(risk.curve).T
    axes.fill_between(coverage, errors, alpha=0.2, color="tab:blue")
    axes.plot(coverage, errors, color="tab:blue")
    axes.axhline(risk.error, color="grey", linestyle="--", linewidth=1)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, max(0.05, 1.15 * float(errors.max())))
    axes.set_xlabel("share answered automatically, surest first")
    axes.set_ylabel("share of errors")
    axes.set_title(f"{head}: area {risk.area}")
    return figure
