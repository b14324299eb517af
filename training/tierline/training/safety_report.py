"""How safe the whole decision is: incidents that reach tier 3, and false alarms."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from rich.markup import escape
from rich.table import Table
from scipy.stats import beta

from tierline.data.labels import IssueType
from tierline.data.rows import Row
from tierline.models.runtime.prediction import Prediction
from tierline.serving.policy import Policy, load_policy
from tierline.training.routing import decide

_INCIDENTS: Final = frozenset({IssueType.DATA_LOSS, IssueType.SECURITY_BREACH})


@dataclass(frozen=True)
class Share:
    """``hits`` of ``count``, with the exact (Clopper-Pearson) 95% interval of the share."""

    hits: int
    count: int

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound, 0 to 1."""
        k, n = self.hits, self.count
        low = float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0
        high = float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
        return low, high

    def __str__(self) -> str:
        if not self.count:
            return "–"
        low, high = self.interval
        return f"{self.hits}/{self.count} = {self.hits / self.count:.1%} [{low:.1%}, {high:.1%}]"


@dataclass(frozen=True)
class SafetyReport:
    """True incidents that a safety rule or the model's suspicion caught, and other tickets it hit.

    "Caught" is judged on the whole decision: the recommendation gives a safety reason.
    """

    caught_by_rules: Share
    caught: Share
    alarms_by_rules: Share
    alarms: Share

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)

    def table(self, name: str) -> Table:
        """Return the figures as a table for people."""
        table = Table(title=f"{escape(name)}: safety, 95% intervals")
        for column in ("", "without a model", "with the model"):
            table.add_column(column)
        table.add_row("incidents caught", str(self.caught_by_rules), str(self.caught))
        table.add_row("false alarms on other tickets", str(self.alarms_by_rules), str(self.alarms))
        return table


def measure_safety(rows: Sequence[Row], predictions: Sequence[Prediction]) -> SafetyReport | None:
    """Measure rows labelled with the default issue types; None when none is an incident."""
    labelled = [
        (row, prediction)
        for row, prediction in zip(rows, predictions, strict=True)
        if row.labels.get("issue_type") in set(IssueType)
    ]
    truth = [row.labels["issue_type"] in _INCIDENTS for row, _ in labelled]
    if not any(truth):
        return None
    policy = load_policy()
    by_rules = [_alarmed(row, None, policy) for row, _ in labelled]
    whole = [_alarmed(row, prediction, policy) for row, prediction in labelled]
    return SafetyReport(
        _share(by_rules, truth, among=True),
        _share(whole, truth, among=True),
        _share(by_rules, truth, among=False),
        _share(whole, truth, among=False),
    )


def _alarmed(row: Row, prediction: Prediction | None, policy: Policy) -> bool:
    return decide(row, prediction, policy).is_incident


def _share(alarmed: Sequence[bool], truth: Sequence[bool], *, among: bool) -> Share:
    chosen = [a for a, t in zip(alarmed, truth, strict=True) if t is among]
    return Share(sum(chosen), len(chosen))
