"""One training from files to a registered bundle."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

from rich.console import Console

from tierline.data.corpus import Corpus, load_corpus, read_rows
from tierline.data.errors import InputError
from tierline.data.label_book import read_label_book
from tierline.data.quarantine import Quarantine
from tierline.data.rows import Row
from tierline.data.splitting import SPLITS
from tierline.models.runtime.bundle import Bundle
from tierline.models.runtime.certificate import Certificate
from tierline.models.runtime.manifest import MANIFEST
from tierline.models.runtime.predictor import Predictor
from tierline.serving.policy import Policy, load_policy
from tierline.serving.progress import ShareProgress
from tierline.training import tracking
from tierline.training.answers import TIER
from tierline.training.augment import plead_some
from tierline.training.baseline import Baseline
from tierline.training.bundling import add_metrics, build_bundle
from tierline.training.certify import check_apart
from tierline.training.evaluate import Evaluation, evaluate
from tierline.training.fit import Fitted, fit
from tierline.training.launch import launched, unshared
from tierline.training.recipe import Recipe
from tierline.training.targets import heads_of

_TEST = "test"
#: What MLflow takes as a metric's name, with room for the figure's own.
_METRIC_NAME = re.compile(r"[\w.\- ]{1,150}")


@dataclass(frozen=True)
class TrainJob:
    """What to train on and where to put it.

    ``evaluate_on`` names further labelled files that are measured in the same report; the
    model never learns from them. ``labels`` is the labels file by which old labels are read.
    ``policy`` is the policy file that the bundle is certified and measured by.
    """

    files: Sequence[Path]
    out: Path
    recipe: Recipe = field(default_factory=Recipe)
    mapping: Mapping[str, str] = field(default_factory=dict)
    evaluate_on: Sequence[Path] = ()
    name: str = "tierline"
    labels: Path | None = None
    policy: Path | None = None


@dataclass(frozen=True)
class Lesson:
    """What one training learns from, and how; ``extra`` are sets of rows that are only measured."""

    corpus: Corpus
    recipe: Recipe
    name: str
    extra: Mapping[str, Sequence[Row]] = field(default_factory=dict)


@dataclass(frozen=True)
class Trained:
    """What came of a training: the bundle's folder, its registered version, and its figures."""

    out: Path
    version: str
    evaluations: tuple[Evaluation, ...]


def train(job: TrainJob, console: Console) -> Trained:
    """Train, export, check, calibrate, measure, register; the bundle appears when it is whole.

    Raises:
        InputError: for unusable files or settings.
        PolicyError: for an unusable policy.
        BundleError: when the export doesn't agree with the trained model.
        LaunchError: in a process of a launch that isn't the main one (see `along`), or
            when the processes can't train together.
    """
    if not launched().main:
        raise unshared(launched())
    refuse_foreign_folder(job.out)
    _refuse_odd_names(job.evaluate_on)
    book, policy = read_label_book(job.labels), load_policy(job.policy)
    job.out.parent.mkdir(parents=True, exist_ok=True)
    with Quarantine(job.out.with_name(job.out.name + ".quarantine.jsonl")) as quarantine:
        corpus = load_corpus(job.files, job.mapping, quarantine, job.recipe.seed, book)
        extra = {
            p.stem: book.rewrite(read_rows([p], job.mapping, quarantine))[0]
            for p in job.evaluate_on
        }
    _refuse_unmeasurable(corpus, {_TEST: corpus.parts[_TEST], **extra})
    _say_what_was_read(corpus, quarantine, console)
    with (
        tracking.training_run(job.name) as run,
        TemporaryDirectory(dir=job.out.parent, prefix=".tierline-") as scratch,
    ):
        bundle = Path(scratch) / "bundle"
        lesson = Lesson(corpus, job.recipe, job.name, extra)
        evaluations = learn(lesson, bundle, policy, console)
        try:
            version = tracking.register(bundle)
        finally:  # a store that is away costs no training
            put_in_place(bundle, job.out)
            console.print(f"bundle: {job.out}", markup=False, soft_wrap=True)
    console.print(f"MLflow: run {run}, version {version} of model 'tierline'", markup=False)
    return Trained(job.out, version, evaluations)


def learn(lesson: Lesson, bundle: Path, policy: Policy, console: Console) -> tuple[Evaluation, ...]:
    """Train into the folder ``bundle``, and measure; figures go to the MLflow run that is open.

    Raises:
        InputError: for unusable settings, or rows with nothing to tell apart.
        BundleError: when the export doesn't agree with the trained model.
    """
    corpus, recipe = lesson.corpus, lesson.recipe
    tracking.log_inputs(corpus, {"encoder": recipe.encoder})
    fitted = _fit(corpus, recipe, console)
    with tracking.going_on(console):
        tracking.log_fit(fitted)
    console.print("baseline: TF-IDF and logistic regression …")
    read = plead_some(corpus.parts["train"], recipe.pleading_share, recipe.seed)
    baseline = Baseline(fitted.heads, read, recipe.seed)
    console.print("export: ONNX fp32 and int8, checked against torch …")
    built = build_bundle(fitted, baseline, corpus, bundle, lesson.name, policy)
    parity = built.parity
    console.print(f"export: largest fp32 difference {parity.fp32_difference:.1e}; {parity.why}")
    if built.fast:
        console.print(f"fast stage: {built.fast.why}", soft_wrap=True)
    evaluations = _measure(bundle, lesson, baseline, policy, console)
    certificate = _certificate(bundle, corpus, evaluations[0], policy)
    add_metrics(bundle, {e.name: e.summary() for e in evaluations}, certificate)
    if certificate:
        console.print(f"certificate: {certificate.statement}", soft_wrap=True)
    for evaluation in evaluations:
        with tracking.going_on(console):
            tracking.log_evaluation(evaluation)
    return evaluations


def _fit(corpus: Corpus, recipe: Recipe, console: Console) -> Fitted:
    with ShareProgress(console, "training") as progress:
        done = 0.0

        def step_done(share: float) -> None:
            nonlocal done
            done = share
            progress.update(share)

        def epoch_done(epoch: int, scores: dict[str, float]) -> None:
            with tracking.going_on(console):
                tracking.log_epoch(epoch, scores)
            score, loss = scores["validation_score"], scores["train_loss"]
            console.print(
                f"epoch {epoch}: loss {loss:.3f}, validation macro-F1 {score:.3f} (mean of heads)"
            )

        fitted = fit(corpus, recipe, step_done, epoch_done)
        seconds = progress.seconds
    shared = f" on {fitted.processes} processes" if fitted.processes > 1 else ""
    why = "" if fitted.chosen else ", the last: too few validation tickets to choose by"
    console.print(
        f"training: {seconds:.0f} s in {fitted.precision}{shared}; "
        f"epoch {fitted.best_epoch} kept{why}"
    )
    return fitted


def _measure(
    bundle: Path, lesson: Lesson, baseline: Baseline, policy: Policy, console: Console
) -> tuple[Evaluation, ...]:
    """Evaluate on the test part (validation where there is none) and on the extra files."""
    parts = lesson.corpus.parts
    part = _TEST if parts[_TEST] else "validation"
    predictor = Predictor.load(bundle)
    evaluations = []
    for name, rows in {part: parts[part], **lesson.extra}.items():
        evaluations.append(evaluate(name, rows, predictor, baseline, policy))
        console.print(*evaluations[-1].tables(), sep="\n")
        for line in evaluations[-1].unknown_lines():
            console.print(f"{name}: {line}, and are left out of its figures", soft_wrap=True)
    predictor.close()
    return tuple(evaluations)


def _certificate(
    bundle: Path, corpus: Corpus, evaluation: Evaluation, policy: Policy
) -> Certificate | None:
    """Return the bundle's certificate, checked on the test part where there is one."""
    certificate = Bundle.load(bundle).manifest.certificate
    rows = corpus.parts[_TEST]
    if certificate is None or not rows:
        return certificate
    return check_apart(certificate, rows, evaluation.said[TIER], policy)


def put_in_place(bundle: Path, out: Path) -> None:
    """Move a finished bundle to where it belongs, in the place of an older one."""
    if out.exists():
        rmtree(out)
    bundle.replace(out)


def _refuse_odd_names(evaluate_on: Sequence[Path]) -> None:
    names = [path.stem for path in evaluate_on]
    if odd := [name for name in names if not _METRIC_NAME.fullmatch(name)]:
        raise InputError(
            "--evaluate-on: expected files named in at most 150 letters, digits, blanks and _-. "
            f"(MLflow's figures go by these names); found {', '.join(odd)}. Rename the files"
        )
    if len({*names, *SPLITS}) < len(names) + len(SPLITS):
        raise InputError(
            f"--evaluate-on: expected files of different names, none of them {', '.join(SPLITS)} "
            f"(those are the corpus' own parts); found {', '.join(names)}. Rename the files"
        )


def _refuse_unmeasurable(corpus: Corpus, sets: Mapping[str, Sequence[Row]]) -> None:
    """Refuse, before hours of training, rows of which the model will know no label."""
    known = {(head.name, label) for head in heads_of(corpus) for label in head.labels}
    for name, rows in sets.items():
        if rows and not any(pair in known for row in rows for pair in row.labels.items()):
            raise InputError(
                f"{name}: expected labels that the training part has, of "
                f"{', '.join(corpus.heads)}; found none. Correct its labels, rename "
                "them with --labels, or leave it out"
            )


def refuse_foreign_folder(out: Path) -> None:
    """Overwrite an older bundle, but never a folder that holds something else."""
    if out.exists() and not (out / MANIFEST).is_file() and (out.is_file() or any(out.iterdir())):
        raise InputError(
            f"--out: expected a new folder or an older bundle; {out} holds something else"
        )


def _say_what_was_read(corpus: Corpus, quarantine: Quarantine, console: Console) -> None:
    sizes = ", ".join(f"{len(rows)} {part}" for part, rows in corpus.parts.items())
    console.print(f"tickets: {sizes}; heads: {', '.join(corpus.heads)}")
    for line in corpus.relabelling.lines():
        console.print(line, markup=False, soft_wrap=True)
    if quarantine.waiting:
        console.print(f"{quarantine.waiting} rows of a blind sample are not labelled yet: skipped")
    if quarantine.count:
        console.print(
            f"{quarantine.count} rows quarantined, with reasons: {quarantine.path}", markup=False
        )
