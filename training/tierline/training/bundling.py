"""Put a fine-tuned model into a bundle: export, check, calibrate, hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tierline.data.corpus import Corpus
from tierline.data.digest import sha256
from tierline.data.rows import Row
from tierline.models.runtime.bundle import Bundle
from tierline.models.runtime.calibration import decide, softmax
from tierline.models.runtime.certificate import Certificate
from tierline.models.runtime.heads import head_columns
from tierline.models.runtime.manifest import (
    FORMAT,
    FORMAT_FAST,
    FORMAT_NGRAMS,
    MANIFEST,
    NGRAMS,
    ONNX_FP32,
    ONNX_INT8,
    STRANGENESS,
    TOKENIZER,
    Fast,
    Head,
    Manifest,
)
from tierline.models.runtime.predictor import Predictor
from tierline.serving.policy import Policy
from tierline.training.baseline import Baseline
from tierline.training.calibrate import (
    AMBIGUOUS_MARGIN,
    confidence_threshold,
    fit_temperature,
)
from tierline.training.certify import certify, thresholds
from tierline.training.export import Parity, check_parity, export_graphs
from tierline.training.fast import FastFit, fit_fast
from tierline.training.fit import Fitted
from tierline.training.ngrams import Beside, beside
from tierline.training.recipe import Recipe
from tierline.training.strangeness import (
    fit_strangeness,
    known_languages,
    language_of,
    sample,
    strangeness_thresholds,
)
from tierline.training.targets import ABSENT, HeadLabels

#: The version of a Tierline that runs from its sources alone.
UNINSTALLED: Final = "uninstalled"


@dataclass(frozen=True)
class Built:
    """How a bundle's graphs compare, and what came of its fast stage where one was asked for."""

    parity: Parity
    fast: FastFit | None


def build_bundle(
    fitted: Fitted, baseline: Baseline, corpus: Corpus, folder: Path, name: str, policy: Policy
) -> Built:
    """Write a calibrated, verified bundle into ``folder``.

    The n-gram model, made from ``baseline``, is put beside the encoder where that gains, and
    before it where the recipe asks for a fast stage. ``policy`` makes the decision that the
    bundle's certificate speaks of.

    Raises:
        BundleError: when the exported graph doesn't agree with torch.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TOKENIZER).write_text(fitted.tokenizer_json, encoding="utf-8")
    export_graphs(fitted, corpus.parts["train"], folder)
    validation = corpus.parts["validation"]
    manifest = _manifest(fitted, corpus, folder, name)
    fp32, int8 = (_logits(folder, manifest, graph, validation) for graph in (ONNX_FP32, ONNX_INT8))
    ngram = beside(baseline, fitted.heads, validation, fp32)
    added = ngram.logits * ngram.scales
    parity = check_parity(fitted, validation, fp32, int8, added)
    logits = (int8 if parity.serves == ONNX_INT8 else fp32) + added
    heads, limits = _calibrated(manifest.heads, validation, logits, fitted)
    manifest = manifest.model_copy(
        update={"serves": parity.serves, "heads": heads, "thresholds": limits}
    )
    risk = fitted.recipe.fast_risk
    fast = risk and fit_fast(heads, validation, ngram.logits, logits, ngram.bias, risk, policy)
    manifest = _with_ngrams(folder, manifest, ngram, fast.stage if fast else None)
    manifest = _with_strangeness(folder, manifest, corpus.parts["train"], fitted.recipe.seed)
    write_manifest(folder, _guarded(folder, manifest, corpus, fitted.recipe.alpha, policy))
    return Built(parity, fast or None)


def _with_strangeness(folder: Path, manifest: Manifest, rows: Sequence[Row], seed: int) -> Manifest:
    known = known_languages(rows)
    rows = [row for row in rows if language_of(row) in known]
    predictor = Predictor(Bundle(folder, manifest))
    try:
        embeddings = predictor.embeddings(row.ticket for row in sample(rows, seed))
    finally:
        predictor.close()
    fit_strangeness(rows, embeddings).save(folder / STRANGENESS)
    files = manifest.files | {STRANGENESS: sha256(folder / STRANGENESS)}
    return manifest.model_copy(update={"files": files})


def _with_ngrams(folder: Path, manifest: Manifest, ngram: Beside, fast: Fast | None) -> Manifest:
    """Save the n-gram model as the manifest then says it is used; nothing where it isn't."""
    bias = tuple(float(b) for b in np.asarray(manifest.bias) + ngram.bias * ngram.scales)
    changes: dict[str, Any] = {"bias": bias, "format": FORMAT_NGRAMS}
    if fast:
        ngram.model.save(folder / NGRAMS)
        scales = tuple(map(float, ngram.scales))
        changes |= {"format": FORMAT_FAST, "fast": fast, "ngram_scales": scales}
    elif ngram.scales.any():
        ngram.scaled.save(folder / NGRAMS)
    else:
        return manifest
    changes["files"] = manifest.files | {NGRAMS: sha256(folder / NGRAMS)}
    return manifest.model_copy(update=changes)


def _guarded(
    folder: Path, manifest: Manifest, corpus: Corpus, alpha: float, policy: Policy
) -> Manifest:
    """Return the manifest with its certificate, and the thresholds of triggers and strangeness."""
    rows, known = corpus.parts["validation"], known_languages(corpus.parts["train"])
    predictor = Predictor(Bundle(folder, manifest))
    try:
        predictions = predictor.predict([row.ticket for row in rows])
    finally:
        predictor.close()
    certificate = certify(rows, predictions, alpha, policy)
    labels = next((h.labels for h in manifest.heads if h.name == "issue_type"), ())
    told = [p for row, p in zip(rows, predictions, strict=True) if language_of(row) in known]
    more = thresholds(certificate, labels) | strangeness_thresholds(told)
    return manifest.model_copy(
        update={"certificate": certificate, "thresholds": manifest.thresholds | more}
    )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest as indented JSON, for people too."""
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")


def add_metrics(folder: Path, metrics: dict[str, Any], certificate: Certificate | None) -> None:
    """Record what was measured of a finished bundle in its manifest."""
    manifest = Bundle.load(folder).manifest
    measured = {"metrics": metrics, "certificate": certificate}
    write_manifest(folder, manifest.model_copy(update=measured))


def _manifest(fitted: Fitted, corpus: Corpus, folder: Path, name: str) -> Manifest:
    sizes = {part: len(rows) for part, rows in corpus.parts.items()}
    return Manifest(
        format=FORMAT,
        name=name,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        tierline_version=tierline_version(),
        encoder=fitted.recipe.encoder,
        max_tokens=fitted.recipe.max_tokens,
        heads=tuple(_head(h, fitted.recipe) for h in fitted.heads),
        bias=tuple(float(b) for b in fitted.model.heads.bias.detach().cpu()),
        serves=ONNX_FP32,
        thresholds={},
        data={
            "files": dict(corpus.digests),
            "rows": sizes,
            "labels": corpus.book.as_json(),
        },
        metrics={},
        files={f: sha256(folder / f) for f in (ONNX_FP32, ONNX_INT8, TOKENIZER)},
    )


def _head(head: HeadLabels, recipe: Recipe) -> Head:
    quantile = 1 / (1 + recipe.too_mild_cost) if head.worst_first else None
    return Head(name=head.name, labels=head.labels, temperature=1.0, quantile=quantile)


def _logits(
    folder: Path, manifest: Manifest, graph: str, rows: tuple[Row, ...]
) -> NDArray[np.float32]:
    predictor = Predictor(Bundle(folder, manifest.model_copy(update={"serves": graph})))
    try:
        return predictor.logits(row.ticket for row in rows)
    finally:
        predictor.close()


def _calibrated(
    heads: tuple[Head, ...], rows: tuple[Row, ...], logits: NDArray[np.float32], fitted: Fitted
) -> tuple[tuple[Head, ...], dict[str, float]]:
    """Return the heads with their temperatures, and the thresholds of review."""
    calibrated, limits = [], {"ambiguous": AMBIGUOUS_MARGIN}
    for labels, (head, part) in zip(fitted.heads, head_columns(heads), strict=True):
        truth = labels.targets(rows)
        temperature = fit_temperature(logits[:, part], truth)
        calibrated.append(head.model_copy(update={"temperature": temperature}))
        known = truth != ABSENT
        if not known.any():
            continue
        probabilities = softmax(logits[known, part], temperature)
        answers = decide(probabilities, head.quantile)
        limits[f"low_confidence.{head.name}"] = confidence_threshold(
            probabilities[np.arange(len(answers)), answers], answers == truth[known]
        )
    return tuple(calibrated), limits


def tierline_version() -> str:
    """Return the installed version of Tierline."""
    try:
        return version("tierline")
    except PackageNotFoundError:
        return UNINSTALLED
