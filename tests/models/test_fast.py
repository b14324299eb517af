"""The fast stage answers plain tickets alone, and leaves all others to the encoder."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.data import BundleError, Ticket
from tierline.models.runtime import Bundle, Predictor
from tierline.models.runtime.fast import FastStage
from tierline.models.runtime.manifest import MANIFEST, NGRAMS, Fast, Manifest

#: Plain to the n-grams, and not: no word that they know, an incident, a text too long to be read.
PLAIN = Ticket(
    body="Office Oslo: the invoice charged my card twice. there is no hurry, whenever it suits "
    "you. please advise."
)
UNKNOWN = Ticket(body="改善 💛")
INCIDENT = Ticket(body="all our files were deleted and the records are gone. please advise")
LONG = Ticket(body=PLAIN.body * 20)


@pytest.fixture(scope="module")
def predictor(fast_bundle: Path) -> Iterator[Predictor]:
    loaded = Predictor.load(fast_bundle, threads=2)
    yield loaded
    loaded.close()


def stages(predictor: Predictor, *tickets: Ticket) -> list[str]:
    return [p.stage for p in predictor.predict(tickets)]


def with_limits(folder: Path, **limits: float) -> Predictor:
    """The same bundle with other limits; 0 lets the n-grams answer whatever they may."""
    manifest = Bundle.load(folder).manifest
    assert manifest.fast is not None
    fast = manifest.fast.model_copy(update=limits)
    return Predictor(Bundle(folder, manifest.model_copy(update={"fast": fast})), threads=2)


def test_only_plain_tickets_are_answered_fast(fast_bundle: Path) -> None:
    eager = with_limits(fast_bundle, confidence=0.0)
    assert stages(eager, PLAIN, UNKNOWN, INCIDENT, LONG, Ticket()) == [
        "ngrams", "encoder", "encoder", "encoder", "encoder"
    ]  # fmt: skip
    assert stages(with_limits(fast_bundle, confidence=0.0, incident=0.0), PLAIN) == ["encoder"]
    assert stages(with_limits(fast_bundle, confidence=1.01), PLAIN) == ["encoder"]
    careless = with_limits(fast_bundle, confidence=0.0, incident=1.01)
    assert stages(careless, INCIDENT, UNKNOWN) == ["ngrams", "encoder"]


def test_whoever_asks_for_the_whole_gets_the_encoder(fast_bundle: Path) -> None:
    eager = with_limits(fast_bundle, confidence=0.0)
    (fast,), (whole,) = eager.predict([PLAIN]), eager.predict([PLAIN], whole=True)
    assert (fast.stage, whole.stage) == ("ngrams", "encoder")
    assert fast.embedding is None
    assert whole.embedding is not None
    # The n-grams' part of the whole is theirs times the scales.
    assert fast.account is not None
    assert whole.account is not None
    (_, own), (_, all_of_it) = fast.account.pieces(), whole.account.pieces()
    own = own * np.array(eager.manifest.ngram_scales, dtype=np.float32)
    assert np.allclose(all_of_it[-len(own) :], own)
    assert eager.logits([PLAIN])[0] == pytest.approx(
        all_of_it.sum(axis=0) + np.array(eager.manifest.bias), abs=1e-4
    )


def test_the_evidence_is_the_whole_account(predictor: Predictor, fast_bundle: Path) -> None:
    fast = predictor.manifest.fast
    assert fast is not None
    (found,) = with_limits(fast_bundle, confidence=0.0).predict([PLAIN])
    logits = {
        head.name: [found.evidence(head.name, label).logit for label in head.labels]
        for head in predictor.manifest.heads
    }
    heads = zip(predictor.manifest.heads, fast.temperatures, strict=True)
    for head, temperature in heads:
        odds = np.exp(np.array(logits[head.name]) / temperature)
        likely = [found.heads[head.name].probabilities[label] for label in head.labels]
        assert odds / odds.sum() == pytest.approx(likely, abs=1e-4)


@given(
    st.lists(
        st.text("abcdefghij invoice card twice login deleted\n", max_size=60),
        min_size=2,
        max_size=6,
    )
)
def test_who_answers_depends_on_the_ticket_alone(predictor: Predictor, texts: list[str]) -> None:
    tickets = [Ticket(body=text) for text in texts]
    together = predictor.predict(tickets)
    alone = [predictor.predict([ticket])[0] for ticket in tickets]
    assert together == alone
    assert [p.stage for p in together] == [p.stage for p in alone]


@given(logits=st.lists(st.floats(-30, 30), min_size=40, max_size=40))
def test_it_never_answers_unsure_or_near_an_incident(
    predictor: Predictor, logits: list[float]
) -> None:
    manifest = predictor.manifest
    assert manifest.fast is not None
    own = np.array(logits[: len(manifest.bias)], dtype=np.float32)
    found = FastStage(manifest, manifest.fast).answer(own)
    if found is not None:
        assert min(head.confidence for head in found.values()) >= manifest.fast.confidence
        likely = [p for head in found.values() for p in head.probabilities.values()]
        assert max(likely[i] for i in manifest.fast.watched) < manifest.fast.incident


def test_the_labels_that_are_watched(predictor: Predictor) -> None:
    names = [label for head in predictor.manifest.heads for label in head.labels]
    assert predictor.manifest.fast is not None
    found = {names[i] for i in predictor.manifest.fast.watched}
    assert found == {"P1", "data_loss", "security_breach"}


@pytest.mark.parametrize(
    "change", [{"bias": [0.0]}, {"temperatures": [1.0]}, {"watched": [99]}, {"confidence": 2}]
)
def test_a_stage_that_does_not_fit_is_refused(
    fast_bundle: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    folder = Path(shutil.copytree(fast_bundle, tmp_path / "bundle"))
    path = folder / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["fast"] |= change
    path.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(BundleError, match="Train the bundle again"):
        Bundle.load(folder)


def test_a_stage_without_its_n_grams_is_refused(fast_bundle: Path) -> None:
    manifest = Bundle.load(fast_bundle).manifest.model_dump()
    del manifest["files"][NGRAMS]
    with pytest.raises(ValueError, match=f"expected a fast stage beside {NGRAMS}"):
        Manifest.model_validate(manifest)


def test_the_version_names_the_stage(predictor: Predictor, fast_bundle: Path) -> None:
    manifest = predictor.manifest
    versions = {manifest.version, manifest.model_copy(update={"fast": None}).version}
    assert isinstance(manifest.fast, Fast)
    versions.add(with_limits(fast_bundle, confidence=0.5).version)
    assert len(versions) == 3
