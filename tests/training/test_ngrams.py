"""The n-gram model beside the encoder: heard where it knows more, and exactly what was trained."""

import numpy as np
import pytest

from tierline.data.rows import Row
from tierline.data.ticket import Ticket
from tierline.models.runtime import Bundle, Predictor
from tierline.models.runtime.manifest import NGRAMS
from tierline.models.runtime.tokens import text_read
from tierline.training.baseline import Baseline
from tierline.training.ngrams import beside, fit_scale
from tierline.training.pipeline import Trained
from tierline.training.targets import ABSENT, HeadLabels

HEADS = (HeadLabels("issue_type", ("bug", "order", "spare")), HeadLabels("severity", ("P1", "P2")))
ROWS = [
    Row(
        i,
        Ticket(body=f"{thing} number {i % 7} {when}"),
        {"issue_type": kind, "severity": level},
        {},
    )
    for i in range(30)
    for kind, thing in (("bug", "the page crashes"), ("order", "my parcel is late"))
    for level, when in (("P1", "for everyone"), ("P2", "for me"))
]


def answers(noise: float, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return logits (600, 3) that know the truth but for noise, and the truth."""
    rng = np.random.default_rng(seed)
    truth = np.random.default_rng(0).integers(0, 3, 600)
    logits = np.eye(3)[truth] * 3 + rng.normal(0, noise, (600, 3))
    return logits.astype(np.float32), truth


def test_the_better_model_is_heard_more() -> None:
    encoder, truth = answers(2, seed=1)
    good, poor = answers(1, seed=2)[0], answers(4, seed=2)[0]
    assert fit_scale(encoder, good, truth) > 1 > fit_scale(encoder, poor, truth) > 0


def test_two_independent_views_are_better_than_one() -> None:
    encoder, truth = answers(2, seed=1)
    other = answers(2, seed=2)[0]
    both = encoder + fit_scale(encoder, other, truth) * other
    right = [(x.argmax(axis=1) == truth).mean() for x in (encoder, both)]
    assert right[1] > right[0] + 0.05


def test_few_tickets_do_not_drown_the_encoder_in_ngrams() -> None:
    encoder, truth = answers(2, seed=1)
    other = answers(2, seed=2)[0] * np.float32(0.25)
    whole = fit_scale(encoder, other, truth)
    few, repeated = [], []
    for start in range(0, 600, 30):
        part = np.arange(start, start + 30)
        few.append(fit_scale(encoder[part], other[part], truth[part]))
        part = np.tile(part, 100)  # as many tickets would say it
        repeated.append(fit_scale(encoder[part], other[part], truth[part]))
    assert max(few) < max(repeated) / 2
    off = [np.abs(np.log(np.array(found) / whole)).mean() for found in (few, repeated)]
    assert off[0] < off[1]


@pytest.mark.parametrize("own", ["noise", "the same"])
def test_what_adds_nothing_is_left_out(own: str) -> None:
    encoder, truth = answers(2, seed=1)
    other = encoder if own == "the same" else answers(1)[0][::-1].copy()
    assert fit_scale(encoder, other, truth) == 0


def test_without_known_targets_nothing_is_added() -> None:
    encoder, truth = answers(2)
    assert fit_scale(encoder, encoder, np.full_like(truth, ABSENT)) == 0


def test_the_runtime_computes_what_was_trained() -> None:
    baseline = Baseline(HEADS, ROWS, seed=1)
    mute = np.zeros((len(ROWS), 5), dtype=np.float32)
    found = beside(baseline, HEADS, ROWS, mute)
    assert found is not None
    for row, logits in zip(ROWS[:8], found.logits, strict=False):
        own = found.model.contributions(text_read(row.ticket))[1].sum(axis=0) + found.bias
        assert own == pytest.approx(logits, rel=2e-3, abs=2e-2)
    for head, part in zip(HEADS, (slice(0, 3), slice(3, 5)), strict=True):
        theirs = [head.labels[i] for i in baseline.predict(head.name, ROWS)]
        assert [head.labels[i] for i in found.logits[:, part].argmax(axis=1)] == theirs
    assert (found.logits[:, 2] < found.logits[:, :2].max(axis=1)).all()  # "spare" was never seen


def test_the_bundle_carries_it_and_the_account_stays_complete(trained: Trained) -> None:
    bundle = Bundle.load(trained.out)
    assert NGRAMS in bundle.manifest.files
    predictor = Predictor(bundle)
    ticket = Ticket(subject="Invoice", body="the invoice charged my card twice")
    [prediction] = predictor.predict([ticket])
    [logits] = predictor.logits([ticket])
    predictor.close()
    names = [(h.name, label) for h in bundle.manifest.heads for label in h.labels]
    for (head, label), logit in zip(names, logits, strict=True):
        account = prediction.evidence(head, label)
        total = account.bias + sum(t.value for t in account.tokens)
        assert total == pytest.approx(float(logit), abs=1e-4)
    assert len(account.tokens) > len(prediction.text.split()) * 2  # tokens, and chunks


def test_the_vocabulary_holds_no_secret_and_nothing_that_one_ticket_alone_says() -> None:
    said = [
        "my password: hunter2hunter the parcel is late, write to zoe.quill@mail.example",
        "my password: hunter2hunter the parcel is late, write to zoe.quill@mail.example please",
        "the parcel is late for Fitzgibbon",
    ]
    rows = [
        Row(i, Ticket(body=body), {"severity": f"P{i % 2 + 1}", "issue_type": "order"}, {})
        for i, body in enumerate(said)
    ]
    baseline = Baseline((HEADS[1],), rows, seed=1)
    terms = [t for v in (baseline.words, baseline.letters) for t in v.vocabulary_]
    assert "parcel" in terms
    assert not [t for t in terms if any(w in t for w in ("hunter2", "unte", "quill", "fitz"))]


def test_rows_that_share_no_term_leave_the_baseline_with_the_frequencies() -> None:
    rows = [
        Row(i, Ticket(body=b), {"severity": s}, {})
        for i, (b, s) in enumerate([("a", "P1"), ("b", "P2"), ("c", "P2")])
    ]
    baseline = Baseline((HEADS[1],), rows, seed=1)
    assert len(baseline.predict("severity", rows)) == 3
