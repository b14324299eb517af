"""One training from files to a registered bundle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

from rich.console import Console

from tierline.data.corpus import Corpus, load_corpus, read_rows
from tierline.data.errors import InputError, LaunchError
from tierline.data.quarantine import Quarantine
from tierline.data.rows import Row
from tierline.models.runtime.bundle import Bundle
from tierline.models.runtime.certificate import Certificate
from tierline.models.runtime.manifest import MANIFEST
from tierline.models.runtime.predictor import Predictor
from tierline.serving.policy import load_policy
from tierline.serving.progress import ShareProgress
from tierline.training import tracking
from tierline.training.answers import TIER
from tierline.training.baseline import Baseline
from tierline.training.bundling import add_metrics, build_bundle
from tierline.training.certify import check_apart
from tierline.training.evaluate import Evaluation, evaluate
from tierline.training.fit import Fitted, fit
from tierline.training.launch import launched
from tierline.training.recipe import Recipe

_TEST = "test"


@dataclass(frozen=True)
class TrainJob:
    """What to train on and where to put it.

    ``evaluate_on`` names further labelled files that are measured in the same report; the
    model never learns from them.
    """

    files: Sequence[Path]
    out: Path
    recipe: Recipe = field(default_factory=Recipe)
    mapping: Mapping[str, str] = field(default_factory=dict)
    evaluate_on: Sequence[Path] = ()
    name: str = "tierline"


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
        BundleError: when the export doesn't agree with the trained model.
        LaunchError: in a process of a launch that isn't the main one (see `along`), or
            when the processes can't train together.
    """
    if not launched().main:
        raise LaunchError(
            f"of the commands only `tierline train` shares its work; found {launched()}. "
            "Run this one without accelerate launch or torchrun"
        )
    _refuse_foreign_folder(job.out)
    job.out.parent.mkdir(parents=True, exist_ok=True)
    with Quarantine(job.out.with_name(job.out.name + ".quarantine.jsonl")) as quarantine:
        corpus = load_corpus(job.files, job.mapping, quarantine, job.recipe.seed)
        extra = {p.stem: read_rows([p], job.mapping, quarantine) for p in job.evaluate_on}
    _say_what_was_read(corpus, quarantine, console)
    with (
        tracking.training_run(job.name) as run,
        TemporaryDirectory(dir=job.out.parent, prefix=".tierline-") as scratch,
    ):
        tracking.log_inputs(corpus, {"encoder": job.recipe.encoder})
        fitted = _fit(corpus, job.recipe, console)
        tracking.log_fit(fitted)
        bundle = Path(scratch) / "bundle"
        console.print("baseline: TF-IDF and logistic regression …")
        baseline = Baseline(fitted.heads, corpus.parts["train"], job.recipe.seed)
        console.print("export: ONNX fp32 and int8, checked against torch …")
        parity = build_bundle(fitted, baseline, corpus, bundle, job.name)
        console.print(f"export: largest fp32 difference {parity.fp32_difference:.1e}; {parity.why}")
        evaluations = _measure(bundle, corpus, extra, baseline, console)
        certificate = _certificate(bundle, corpus, evaluations[0])
        add_metrics(bundle, {e.name: e.summary() for e in evaluations}, certificate)
        if certificate:
            console.print(f"certificate: {certificate.statement}", soft_wrap=True)
        for evaluation in evaluations:
            tracking.log_evaluation(evaluation)
        version = tracking.register(bundle)
        if job.out.exists():
            rmtree(job.out)
        bundle.replace(job.out)
    console.print(f"bundle: {job.out}\nMLflow: run {run}, version {version} of model 'tierline'")
    return Trained(job.out, version, evaluations)


def _fit(corpus: Corpus, recipe: Recipe, console: Console) -> Fitted:
    with ShareProgress(console, "training") as progress:
        done = 0.0

        def step_done(share: float) -> None:
            nonlocal done
            done = share
            progress.update(share)

        def epoch_done(epoch: int, scores: dict[str, float]) -> None:
            tracking.log_epoch(epoch, scores)
            score, loss = scores["validation_score"], scores["train_loss"]
            console.print(
                f"epoch {epoch}: loss {loss:.3f}, validation macro-F1 {score:.3f} (mean of heads)"
            )

        fitted = fit(corpus, recipe, step_done, epoch_done)
        seconds = progress.seconds
    shared = f" on {fitted.processes} processes" if fitted.processes > 1 else ""
    console.print(
        f"training: {seconds:.0f} s in {fitted.precision}{shared}; epoch {fitted.best_epoch} kept"
    )
    return fitted


def _measure(
    bundle: Path,
    corpus: Corpus,
    extra: Mapping[str, Sequence[Row]],
    baseline: Baseline,
    console: Console,
) -> tuple[Evaluation, ...]:
    """Evaluate on the test part (validation where there is none) and on the extra files."""
    part = _TEST if corpus.parts[_TEST] else "validation"
    predictor = Predictor.load(bundle)
    evaluations = []
    for name, rows in {part: corpus.parts[part], **extra}.items():
        evaluations.append(evaluate(name, rows, predictor, baseline))
        console.print(*evaluations[-1].tables(), sep="\n")
    predictor.close()
    return tuple(evaluations)


def _certificate(bundle: Path, corpus: Corpus, evaluation: Evaluation) -> Certificate | None:
    """Return the bundle's certificate, checked on the test part where there is one."""
    certificate = Bundle.load(bundle).manifest.certificate
    rows = corpus.parts[_TEST]
    if certificate is None or not rows:
        return certificate
    return check_apart(certificate, rows, evaluation.said[TIER], load_policy())


def _refuse_foreign_folder(out: Path) -> None:
    """Overwrite an older bundle, but never a folder that holds something else."""
    if out.exists() and not (out / MANIFEST).is_file() and (out.is_file() or any(out.iterdir())):
        raise InputError(
            f"--out: expected a new folder or an older bundle; {out} holds something else"
        )


def _say_what_was_read(corpus: Corpus, quarantine: Quarantine, console: Console) -> None:
    sizes = ", ".join(f"{len(rows)} {part}" for part, rows in corpus.parts.items())
    console.print(f"tickets: {sizes}; heads: {', '.join(corpus.heads)}")
    if quarantine.count:
        console.print(f"{quarantine.count} rows quarantined, with reasons: {quarantine.path}")
