"""Measure challenger and champion on the same tickets, in one process."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tierline.data.feedback import Agreement, agreement
from tierline.data.rows import Row
from tierline.data.splitting import SPLITS
from tierline.models.runtime.manifest import Manifest
from tierline.models.runtime.predictor import Predictor
from tierline.serving.model_source import REGISTERED_NAME, registered_bundle
from tierline.serving.policy import Policy
from tierline.serving.progress import ShareProgress
from tierline.training.evaluate import Evaluation, evaluate
from tierline.training.ledger import Ledger, taught
from tierline.training.retraining.assembly import Assembled
from tierline.training.retraining.blind import with_answers
from tierline.training.retraining.gate import Shared, Side
from tierline.training.retraining.safety_cases import raised
from tierline.training.retraining.weight import latency_ratio, peak_memory, size


@dataclass(frozen=True)
class Contest:
    """Who meets: the challenger's folder and the champion's version, None for nobody.

    ``ledger`` is the champion's; ``cases`` are the incidents that must not be lost.
    """

    bundle: Path
    champion: str | None
    ledger: Ledger | None
    cases: Mapping[str, Row]
    policy: Policy


@dataclass(frozen=True, eq=False)
class Result:
    """Both sides as measured; ``rows`` are the held-out tickets, ``other`` the champion's name.

    ``agreement`` is how people judged answers, by head: those of a blind sample the champion's.
    """

    rows: tuple[Row, ...]
    manifest: Manifest
    challenger: Side
    champion: Side | None
    other: str | None
    shared: Shared
    agreement: Mapping[str, Agreement]


def hold(
    contest: Contest, assembled: Assembled, evaluation: Evaluation, console: Console
) -> Result:
    """Measure both; ``evaluation`` is the challenger's, made after its training."""
    rows = assembled.corpus.parts[SPLITS[2]]
    lessons = taught(assembled.corpus.parts[SPLITS[0]])
    ours = Predictor.load(contest.bundle)
    challenger = _side(contest, contest.bundle, ours, evaluation, lessons)
    champion, other, ratio, corrections = None, None, None, assembled.corrections
    if contest.champion is not None:
        folder = registered_bundle(f"models:/{REGISTERED_NAME}/{contest.champion}")
        theirs = Predictor.load(folder)
        with ShareProgress(console, f"measuring the champion, version {contest.champion}") as bar:
            measured = evaluate(
                evaluation.name, rows, theirs, policy=contest.policy, progress=bar.update
            )
        book = assembled.corpus.book
        taught_before = contest.ledger.taught if contest.ledger else _answerable(theirs)
        before = {head: names - book.gone(head) for head, names in taught_before.items()}
        champion, other = _side(contest, folder, theirs, measured, before), theirs.version
        ratio = latency_ratio(ours, theirs, [row.ticket for row in rows])
        corrections = tuple(with_answers(corrections, theirs, contest.ledger, book))
        theirs.close()
    ours.close()
    shared = Shared(ratio, assembled.relabelled, assembled.known)
    return Result(rows, ours.manifest, challenger, champion, other, shared, agreement(corrections))


def _side(
    contest: Contest,
    folder: Path,
    predictor: Predictor,
    evaluation: Evaluation,
    lessons: Mapping[str, frozenset[str]],
) -> Side:
    tickets = [row.ticket for row in contest.cases.values()]
    return Side(
        evaluation,
        predictor.manifest.certificate,
        _answerable(predictor),
        lessons,
        raised(contest.cases, predictor, contest.policy),
        size(folder),
        peak_memory(folder, tickets),
    )


def _answerable(predictor: Predictor) -> dict[str, frozenset[str]]:
    return {head.name: frozenset(head.labels) for head in predictor.manifest.heads}
