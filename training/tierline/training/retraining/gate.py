"""The gate: whether a challenger may replace the champion, as verdicts in words.

Pure: from what was measured of both and the policy to a list of verdicts. Without a champion
the challenger is judged alone: by its certificate, its labels, the safety suite, and whether its
answers are right more often than by chance.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from tierline.models.runtime.certificate import Certificate
from tierline.serving.policy import GatePolicy, Policy
from tierline.training.evaluate import Evaluation
from tierline.training.metrics import beyond_chance, with_interval
from tierline.training.retraining.paired import cost_difference, f1_difference
from tierline.training.retraining.promise import chance_of_misses

#: Names of the verdicts of which there is one per head: ``non_inferior.<head>``.
NON_INFERIOR: Final = "non_inferior"
LEARNT: Final = "learnt"
_LISTED: Final = 10


@dataclass(frozen=True)
class Verdict:
    """One requirement: whether it holds, the figure, its limit, and both in words.

    ``measured`` and ``allowed`` are None where there was nothing to measure.
    """

    name: str
    passed: bool
    measured: float | None
    allowed: float | None
    words: str

    def __str__(self) -> str:
        return f"{'passed' if self.passed else 'failed'}: {self.words}"

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Side:
    """What was measured of one model.

    ``labels`` are those it can answer and ``taught`` those that a training ticket carried, by
    head. ``raised`` says of every incident of the safety suite, by its id, whether the whole
    decision raises it to tier 3 at least. ``size`` is in bytes on disk, ``memory`` the peak in
    bytes of a process that answers with it.
    """

    evaluation: Evaluation
    certificate: Certificate | None
    labels: Mapping[str, frozenset[str]]
    taught: Mapping[str, frozenset[str]]
    raised: Mapping[str, bool]
    size: int
    memory: int


@dataclass(frozen=True)
class Shared:
    """What was measured of both together.

    ``latency_ratio`` is the challenger's time per ticket over the champion's, None without a
    champion. ``relabelled`` of ``known`` labels came back changed without a correction.
    """

    latency_ratio: float | None
    relabelled: int
    known: int


def judge(
    challenger: Side, champion: Side | None, shared: Shared, policy: Policy
) -> tuple[Verdict, ...]:
    """Return every verdict; the challenger is promoted when all passed."""
    gate = policy.gate
    verdicts = [_certificate(challenger, champion, gate), _label_set(challenger, champion, policy)]
    if champion is None:
        return (*_learnt(challenger), *verdicts, _suite_alone(challenger, gate))
    return (
        *_non_inferior(challenger, champion, gate),
        _cost(challenger, champion, gate),
        *verdicts,
        _suite(challenger, champion),
        _same_labels(shared, gate),
        _ratio("latency", shared.latency_ratio, gate.latency_ratio, "time per ticket"),
        _ratio("size", challenger.size / champion.size, gate.size_ratio, "size on disk"),
        _ratio("memory", challenger.memory / champion.memory, gate.memory_ratio, "peak memory"),
    )


def _non_inferior(challenger: Side, champion: Side, gate: GatePolicy) -> Iterator[Verdict]:
    """Yield one verdict per head of the champion, and one on whether the tickets suffice."""
    smallest: tuple[int, str] | None = None
    for head in champion.labels:
        ours, theirs = (s.evaluation.answers.get(head) for s in (challenger, champion))
        found = f1_difference(ours, theirs) if ours and theirs else None
        count = found[1] if found else 0
        smallest = min(smallest or (count, head), (count, head))
        name = f"{NON_INFERIOR}.{head}"
        if found is None:
            yield Verdict(name, False, None, -gate.margin, "no held-out ticket to compare it on")
            continue
        figure = found[0]
        words = (
            f"macro-F1 {figure.value:+.3f} against the champion's, 95% interval {figure.low:+.3f} "
            f"to {figure.high:+.3f}; at least {-gate.margin:+.3f} is asked for ({count} tickets)"
        )
        yield Verdict(name, figure.low >= -gate.margin, figure.low, -gate.margin, words)
    count, head = smallest or (0, "any head")
    words = f"{count} held-out tickets to compare {head} on; {gate.least_tickets} are asked for"
    enough = count >= gate.least_tickets
    yield Verdict("enough_tickets", enough, count, gate.least_tickets, words)


def _learnt(challenger: Side) -> Iterator[Verdict]:
    """Yield one verdict per head: whether its answers surely depend on the ticket."""
    for head in challenger.labels:
        name, answers = f"{LEARNT}.{head}", challenger.evaluation.answers.get(head)
        if answers is None:
            yield Verdict(name, False, None, 0.0, "no held-out ticket to measure it on")
            continue
        figure = with_interval(beyond_chance, answers.truth, answers.predicted)
        words = (
            f"no champion yet; accuracy on {head} {figure.value:+.3f} against chance, 95% interval "
            f"{figure.low:+.3f} to {figure.high:+.3f}; more than 0 is asked for "
            f"({len(answers.rows)} tickets)"
        )
        yield Verdict(name, figure.low > 0, figure.low, 0.0, words)


def _cost(challenger: Side, champion: Side, gate: GatePolicy) -> Verdict:
    ours, theirs = challenger.evaluation.answers, champion.evaluation.answers
    found = cost_difference(ours, theirs, gate.least_tickets)
    if found is None:
        words = "no held-out ticket to weigh mistakes on"
        return Verdict("cost", False, None, gate.cost_margin, words)
    head, figure = found
    words = (
        f"mean cost per ticket ({head}) {figure.value:+.3f} against the champion's, 95% interval "
        f"{figure.low:+.3f} to {figure.high:+.3f}; at most {gate.cost_margin:+.3f} is allowed"
    )
    return Verdict("cost", figure.value <= gate.cost_margin, figure.value, gate.cost_margin, words)


def _certificate(challenger: Side, champion: Side | None, gate: GatePolicy) -> Verdict:
    """Judge the promise: that there is one, as strict as the champion's, and not disproved."""
    promise, before = challenger.certificate, champion.certificate if champion else None
    allowed = 1 - gate.confidence
    if promise is None or promise.threshold is None:
        none_before = before is None or before.threshold is None
        passed = none_before and not gate.need_certificate
        words = promise.statement if promise else "the bundle has no certificate"
        if not passed and none_before:
            words += "; the policy's gate.need_certificate = false would let it pass"
        return Verdict("certificate", passed, None, allowed, words)
    chance = chance_of_misses(promise)
    words = f"{promise.statement}; so many misses or more have a chance of {chance:.1%} if it holds"
    if before and before.threshold is not None and promise.alpha > before.alpha:
        words += f"; the champion promises {before.alpha:.1%}"
        return Verdict("certificate", False, promise.alpha, before.alpha, words)
    return Verdict("certificate", chance >= allowed, chance, allowed, words)


def _label_set(challenger: Side, champion: Side | None, policy: Policy) -> Verdict:
    unknown = [
        f"{head} {label}"
        for head, labels in challenger.labels.items()
        for label in sorted(labels)
        if not policy.knows(head, label)
    ]
    retired = {head: frozenset(names) for head, names in policy.retired_labels.by_head().items()}
    gone = [
        f"{head} {label}"
        for head, labels in (champion.taught.items() if champion else ())
        for label in sorted(labels - _taught(challenger, head) - retired.get(head, frozenset()))
    ]
    problems = [f"the policy doesn't know {_list(unknown)}"] if unknown else []
    problems += [f"no training ticket teaches {_list(gone)}, as the champion's did"] if gone else []
    words = "; ".join(problems) or "the policy knows every label; none of the champion's is gone"
    return Verdict("label_set", not problems, len(unknown) + len(gone), 0, words)


def _taught(side: Side, head: str) -> frozenset[str]:
    """Return the labels of a head that the model can answer and was taught."""
    return side.taught.get(head, frozenset()) & side.labels.get(head, frozenset())


def _suite(challenger: Side, champion: Side) -> Verdict:
    lost = [case for case, up in champion.raised.items() if up and not challenger.raised.get(case)]
    kept = sum(champion.raised.values())
    words = f"of {kept} incidents that the champion raises to tier 3, {len(lost)} are lost"
    words += f": {_list(lost)}" if lost else ""
    return Verdict("safety_suite", not lost, len(lost), 0, words)


def _suite_alone(challenger: Side, gate: GatePolicy) -> Verdict:
    raised, count = sum(challenger.raised.values()), len(challenger.raised)
    share = raised / count if count else 0.0
    words = (
        f"no champion yet; {raised} of {count} incidents are raised to tier 3 ({share:.1%}), "
        f"{gate.least_raised:.1%} are asked for"
    )
    return Verdict("safety_suite", share >= gate.least_raised, share, gate.least_raised, words)


def _same_labels(shared: Shared, gate: GatePolicy) -> Verdict:
    share = shared.relabelled / shared.known if shared.known else 0.0
    words = (
        f"{shared.relabelled} of {shared.known} labels that the champion's training knew came back "
        f"changed without a correction ({share:.1%}); at most {gate.most_relabelled:.1%} is allowed"
    )
    return Verdict("same_labels", share <= gate.most_relabelled, share, gate.most_relabelled, words)


def _ratio(name: str, ratio: float | None, limit: float, what: str) -> Verdict:
    if ratio is None:
        return Verdict(name, False, None, limit, f"{what}: not measured")
    words = f"{what} {ratio:.2f} times the champion's; at most {limit:g} times is allowed"
    return Verdict(name, ratio <= limit, ratio, limit, words)


def _list(names: list[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")
