"""``tierline retrain``: from tickets and corrections to a champion, or to the reasons why not.

Every step before the last leaves the champion alone; the last one moves the alias. So a job that
is interrupted anywhere can simply be run again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console

from tierline.data.digest import sha256
from tierline.data.label_book import read_label_book
from tierline.data.quarantine import Quarantine
from tierline.data.readers import TicketFile
from tierline.serving.policy import Policy, load_policy
from tierline.training import tracking
from tierline.training.bundling import tierline_version
from tierline.training.launch import launched, unshared
from tierline.training.pipeline import Lesson, learn, put_in_place, refuse_foreign_folder
from tierline.training.recipe import Recipe
from tierline.training.retraining import registry
from tierline.training.retraining.assembly import Assembled, Sources, assemble
from tierline.training.retraining.conclude import again, conclude
from tierline.training.retraining.contest import Contest, hold
from tierline.training.retraining.gate import judge
from tierline.training.retraining.lock import alone
from tierline.training.retraining.outcome import Outcome, agreement_lines
from tierline.training.retraining.record import inputs_digest, judged, ledger_of, record
from tierline.training.retraining.safety_cases import built_in_digest, safety_cases
from tierline.training.retraining.write import write_contest

_NAME: Final = "tierline"
_SCRATCH: Final = ".tierline-"
_CHALLENGER: Final = "challenger"


@dataclass(frozen=True)
class RetrainJob:
    """What to learn from and where to put the challenger, its report and its verdicts.

    ``suites`` are labelled files whose incidents must not be lost, beside the built-in suite.
    """

    sources: Sources
    out: Path
    recipe: Recipe = field(default_factory=Recipe)
    policy: Path | None = None
    suites: Sequence[Path] = ()

    def digest(self, policy: Policy) -> str:
        """Return the digest of all that decides what comes of the job, but for the champion."""
        return inputs_digest(
            data=[sha256(path) for path in self.sources.data],
            feedback=[sha256(path) for path in self.sources.feedback],
            suites=[sha256(path) for path in self.suites],
            built_in=built_in_digest(),
            since=self.sources.since,
            mapping=dict(self.sources.mapping or {}),
            **({"source": desk} if (desk := self.sources.source) else {}),
            labels=read_label_book(self.sources.labels).digest,
            policy=policy.version,
            recipe=asdict(self.recipe),
            version=tierline_version(),
        )


def retrain(job: RetrainJob, console: Console) -> Outcome:
    """Train a challenger, judge it against the champion, and promote it if it passes.

    Inputs that were judged before are not trained on again: their outcome is returned.

    Raises:
        TierlineError: for unusable inputs, when another job runs or moved the champion, or
            in a process of a launch.
    """
    if launched().count > 1:
        raise unshared(launched())
    policy = load_policy(job.policy)
    job.out.mkdir(parents=True, exist_ok=True)
    refuse_foreign_folder(job.out / _CHALLENGER)
    for file in job.sources.data:
        TicketFile(file, job.sources.mapping or {})
    for file in (*job.sources.feedback, *job.suites):
        TicketFile(file)  # says of a missing file that it is missing, before anything is read
    with alone(job.out):
        for left in job.out.glob(f"{_SCRATCH}*"):
            rmtree(left)  # a job that was killed could not tidy up
        before, inputs = registry.champion(), job.digest(policy)
        found = judged(inputs, before)
        if found is not None:
            return again(*found, before, console)
        return _train_and_judge(job, policy, before, inputs, console)


def _train_and_judge(
    job: RetrainJob, policy: Policy, before: str | None, inputs: str, console: Console
) -> Outcome:
    challenger = job.out / _CHALLENGER
    with Quarantine(job.out / "quarantine.jsonl") as quarantine:
        ledger = ledger_of(before) if before else None
        assembled = assemble(job.sources, ledger, quarantine)
        cases = safety_cases(job.suites, policy, quarantine)
    _say(assembled, quarantine, console)
    if before and ledger is None:
        console.print(f"version {before} kept no ledger: held-out tickets may flatter it")
    with (
        tracking.training_run(_NAME) as run,
        TemporaryDirectory(dir=job.out, prefix=_SCRATCH) as scratch,
    ):
        bundle = Path(scratch) / "bundle"
        lesson = Lesson(assembled.corpus, job.recipe, _NAME)
        (evaluation,) = learn(lesson, bundle, policy, console)
        contest = Contest(bundle, before, ledger, cases, policy)
        result = hold(contest, assembled, evaluation, console)
        version = tracking.register(bundle)
        put_in_place(bundle, challenger)
        registry.call_challenger(version)
        _lines(agreement_lines(result.agreement), console)
        console.print(
            f"challenger: {challenger}\nMLflow: run {run}, version {version}", markup=False
        )
        verdicts = judge(result.challenger, result.champion, result.shared, policy)
        outcome = Outcome(version, before, verdicts, assembled.notes, result.agreement)
        record(outcome, inputs, write_contest(job.out, result, outcome, assembled, console))
    return conclude(outcome, console)


def _lines(lines: Iterable[str], console: Console) -> None:
    for line in lines:
        console.print(line, markup=False, soft_wrap=True, highlight=False)


def _say(assembled: Assembled, quarantine: Quarantine, console: Console) -> None:
    _lines(assembled.notes, console)
    if quarantine.waiting:
        console.print(f"{quarantine.waiting} rows of a blind sample are not labelled yet: skipped")
    if quarantine.count:
        console.print(
            f"{quarantine.count} rows quarantined, with reasons: {quarantine.path}", markup=False
        )
