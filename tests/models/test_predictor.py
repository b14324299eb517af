"""What the runtime answers: probabilities, evidence, and the same alone as in company."""

import json
import random
import shutil
import string
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest

from tierline.data import BundleError, Ticket
from tierline.models.runtime import Bundle, Evidence, Prediction, Predictor
from tierline.models.runtime.calibration import softmax
from tierline.models.runtime.graph import Encoded, Graph
from tierline.models.runtime.heads import head_columns
from tierline.models.runtime.manifest import (
    NGRAMS,
    ONNX_FP32,
    STRANGENESS,
    TOKENIZER,
    Head,
    Manifest,
)
from tierline.models.runtime.prediction import TokenContribution
from tierline.models.runtime.tokens import TicketTokenizer, Tokens
from tierline.training.pipeline import Trained

TICKETS = [
    Ticket(subject="Login", body="I cannot log in, one large team is blocked. I am disappointed."),
    Ticket(body="The invoice charged my card twice, please advise!"),
    Ticket(subject="All our files were deleted", body="nobody in the whole company can work"),
    Ticket(body="thank you"),
    Ticket(body="Ünïcödé, 改善してください 💛 whenever it suits you"),
    Ticket(body="the export button crashes the app every time " * 30),
    Ticket(),
]


def same(a: Prediction, b: Prediction) -> bool:
    assert a.account is not None
    assert b.account is not None
    (places, added), (others, more) = a.account.pieces(), b.account.pieces()
    return a == b and places == others and np.array_equal(added, more)


def test_probabilities_are_by_name_and_add_up_to_one(predictor: Predictor) -> None:
    for prediction in predictor.predict(TICKETS):
        for head in predictor.manifest.heads:
            answer = prediction.heads[head.name]
            assert tuple(answer.probabilities) == head.labels
            assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-5)
            assert answer.confidence == answer.probabilities[answer.label]
            assert answer.label == expected_label(head, answer.probabilities)


def expected_label(head: Head, probabilities: Mapping[str, float]) -> str:
    if head.name != "severity":
        return max(probabilities, key=lambda label: probabilities[label])
    reached = zip(probabilities, accumulate(probabilities.values()), strict=True)
    return next(label for label, so_far in reached if so_far >= 1 / 3)


def test_a_batch_is_read_by_the_thread_that_asks(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, encoding = [], []
    read, encode = TicketTokenizer.__call__, Graph.__call__

    def watched_read(tokenizer: TicketTokenizer, ticket: Ticket) -> Tokens:
        reading.append(threading.current_thread())
        return read(tokenizer, ticket)

    def watched_encode(graph: Graph, ids: Sequence[int]) -> Encoded:
        encoding.append(threading.current_thread())
        return encode(graph, ids)

    monkeypatch.setattr(TicketTokenizer, "__call__", watched_read)
    monkeypatch.setattr(Graph, "__call__", watched_encode)
    predictor.predict(TICKETS)
    assert set(reading) == {threading.current_thread()}
    assert len(encoding) == len(TICKETS)
    assert threading.current_thread() not in encoding


def test_what_was_learnt_is_answered(predictor: Predictor) -> None:
    body = "The invoice charged my card twice. There is no hurry, whenever it suits you. "
    heads = predictor.predict([Ticket(body=body + "Please advise.")])[0].heads
    found = {name: answer.label for name, answer in heads.items()}
    assert found == {"issue_type": "billing", "severity": "P4", "sentiment": "neutral"}


def test_the_evidence_is_the_whole_account_of_every_logit(predictor: Predictor) -> None:
    logits = predictor.logits(TICKETS)
    for prediction, row in zip(predictor.predict(TICKETS), logits, strict=True):
        columns = iter(row)
        for head in predictor.manifest.heads:
            found = []
            for label in head.labels:
                evidence = prediction.evidence(head.name, label)
                account = evidence.bias + sum(t.value for t in evidence.tokens)
                assert account == pytest.approx(evidence.logit, abs=1e-4)
                assert evidence.logit == pytest.approx(float(next(columns)), abs=1e-4)
                found.append(account)
            expected = softmax(np.array(found), head.temperature)
            answered = list(prediction.heads[head.name].probabilities.values())
            assert answered == pytest.approx(expected.tolist(), abs=1e-4)


def test_logits_are_centred_within_their_head(trained: Trained) -> None:
    bundle = Bundle.load(trained.out)
    exact = bundle.manifest.model_copy(update={"serves": ONNX_FP32})  # int8 adds its own noise
    predictor = Predictor(Bundle(bundle.folder, exact), threads=1)
    logits = predictor.logits(TICKETS)
    predictor.close()
    for _, columns in head_columns(exact.heads):
        assert np.abs(logits[:, columns].mean(axis=1)).max() < 5e-3  # float16 weights


def test_logits_are_linear_in_the_embedding(trained: Trained, tickets: Path) -> None:
    exact = without(
        Bundle.load(trained.out).manifest.model_copy(update={"serves": ONNX_FP32}), NGRAMS
    )
    predictor = Predictor(Bundle(trained.out, exact), threads=1)
    lines = tickets.read_text(encoding="utf-8").splitlines()
    read = [Ticket(body=json.loads(line)["body"]) for line in lines]
    embeddings, logits = predictor.embeddings(read), predictor.logits(read)
    predictor.close()
    assert embeddings.dtype == np.float32 and embeddings.shape == (len(read), 32)
    heads = np.linalg.lstsq(embeddings, logits - np.asarray(exact.bias), rcond=None)[0]
    assert np.abs(embeddings @ heads + np.asarray(exact.bias) - logits).max() < 1e-3


def test_a_prediction_carries_its_embedding(predictor: Predictor) -> None:
    embeddings = predictor.embeddings(TICKETS)
    for prediction, embedding in zip(predictor.predict(TICKETS), embeddings, strict=True):
        assert prediction.embedding is not None
        assert np.array_equal(prediction.embedding, embedding)
    assert predictor.embeddings([]).shape == (0, 32)


def test_graphs_without_an_embedding_still_answer(trained: Trained, tmp_path: Path) -> None:
    predictor = Predictor(without_embedding(trained.out, tmp_path), threads=1)
    found = predictor.predict(TICKETS)
    assert [p.embedding for p in found] == [None] * len(TICKETS)
    assert [p.scores for p in found] == [{}] * len(TICKETS)
    with pytest.raises(BundleError, match="Train the bundle again"):
        predictor.embeddings(TICKETS)
    predictor.close()


def without_embedding(bundle: Path, folder: Path) -> Bundle:
    """The bundle as an earlier version wrote it."""
    manifest = without(Bundle.load(bundle).manifest, NGRAMS, STRANGENESS)
    shutil.copy(bundle / TOKENIZER, folder)
    graph = onnx.load(str(bundle / manifest.serves))
    graph.graph.output.remove(next(o for o in graph.graph.output if o.name == "embedding"))
    onnx.save(graph, str(folder / manifest.serves))
    return Bundle(folder, manifest)


def without(manifest: Manifest, *names: str) -> Manifest:
    files = {name: digest for name, digest in manifest.files.items() if name not in names}
    return manifest.model_copy(update={"files": files})


def test_evidence_words_come_from_the_text(predictor: Predictor) -> None:
    for prediction in predictor.predict(TICKETS):
        for head in prediction.heads:
            evidence = prediction.evidence(head)
            assert evidence.label == prediction.heads[head].label
            assert len(evidence.words(2)) <= 2
            for word in evidence.words():
                assert word in prediction.text
            for token in evidence.tokens:
                assert prediction.text[token.start : token.end] == token.token


def test_tokens_stand_where_they_are_in_subject_and_body(predictor: Predictor) -> None:
    ticket = Ticket(subject="Card charged", body="please advise, my office")
    prediction = predictor.predict([ticket])[0]
    assert prediction.text == "Card charged\nplease advise, my office"
    read = [token.token for token in prediction.evidence("severity").tokens]
    chunks = prediction.text.split()
    assert read[-len(chunks) :] == chunks  # the n-grams' part of the account
    assert "".join(read[: -len(chunks)]) == "".join(chunks)


def test_words_are_whole_and_come_strongest_first() -> None:
    text = "My card double-charged, card !"
    starts, ends = (0, 3, 8, 14, 15, 24, 29), (2, 7, 14, 15, 22, 28, 30)
    places = zip(starts, ends, (-1, 2, 3, -1, 1, 1, 9), strict=True)
    tokens = [TokenContribution(text[a:b], a, b, v) for a, b, v in places]
    special = TokenContribution("", 0, 0, 5)
    evidence = Evidence("billing", 0.0, 0.0, (special, *tokens, special))
    assert evidence.words() == ("double-charged", "card")
    assert evidence.words(1) == ("double-charged",)


def test_unknown_heads_and_labels_have_no_evidence(predictor: Predictor) -> None:
    prediction = predictor.predict(TICKETS[:1])[0]
    with pytest.raises(KeyError):
        prediction.evidence("colour")


def test_a_batch_equals_single_calls_exactly(predictor: Predictor) -> None:
    rng = random.Random(1)  # noqa: S311
    words = (
        "invoice",
        "card",
        "export",
        "files",
        "deleted",
        "stranger",
        "login",
        "please",
        "thank",
    )
    tickets = [
        *TICKETS,
        *(Ticket(body=" ".join(rng.choices(words, k=rng.randint(1, 90)))) for _ in range(40)),
        *(Ticket(body="".join(rng.choices(string.printable, k=60))) for _ in range(20)),
    ]
    single = [predictor.predict([t])[0] for t in tickets]
    assert all(map(same, predictor.predict(tickets), single))
    assert all(map(same, predictor.predict(tickets[::-1]), single[::-1]))
    logits = np.concatenate([predictor.logits([t]) for t in tickets])
    assert np.array_equal(predictor.logits(tickets), logits)


def test_the_number_of_threads_changes_nothing(predictor: Predictor, trained: Trained) -> None:
    expected = predictor.predict(TICKETS)
    alone = Predictor.load(trained.out, threads=1)
    assert all(map(same, alone.predict(TICKETS), expected))
    alone.close()
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(predictor.predict, [TICKETS] * 12):
            assert all(map(same, found, expected))


def test_of_a_long_text_head_and_tail_are_read(predictor: Predictor) -> None:
    room = predictor.manifest.max_tokens
    middle = "the export button crashes the app every time. " * 40
    long = predictor.predict([Ticket(body=f"Password reset. {middle} I am furious.")])[0]
    assert long.truncated
    assert long.account is not None
    offsets = long.account.pieces()[0][: -len(long.text.split())]  # without the n-grams' chunks
    assert len(offsets) == room
    read = [long.text[a:b].lower() for a, b in offsets]
    assert read[1:3] == ["password", "reset"]
    assert read[-5:] == ["i", "am", "furious", ".", ""]
    ends = [b for _, b in offsets if b]
    gaps = [b - a for a, b in pairwise(ends)]
    assert sum(gap > 20 for gap in gaps) == 1
    assert gaps.index(max(gaps)) == pytest.approx(room * 0.75, abs=3)


def test_a_text_that_fits_is_not_truncated(predictor: Predictor) -> None:
    assert not predictor.predict(TICKETS[:1])[0].truncated


def test_a_huge_text_is_answered_at_once(predictor: Predictor) -> None:
    huge = predictor.predict([Ticket(body="my card " * 25_000)])[0]
    assert huge.truncated
    assert len(huge.text) <= 12_001


@pytest.mark.parametrize("ticket", [Ticket(), Ticket(subject=" ", body="\n\t\u200b")])
def test_an_empty_ticket_is_answered_without_evidence(predictor: Predictor, ticket: Ticket) -> None:
    prediction = predictor.predict([ticket])[0]
    assert not prediction.truncated
    assert prediction.text == ""
    for head in prediction.heads:
        assert prediction.evidence(head).words() == ()


def test_no_tickets_give_no_answers(predictor: Predictor) -> None:
    assert predictor.predict([]) == []


def test_a_subject_repeated_in_the_body_is_read_once(predictor: Predictor) -> None:
    body = "The invoice charged my card twice, please advise."
    once, repeated, other = predictor.predict(
        [
            Ticket(body=body),
            Ticket(subject="the invoice charged", body=body),
            Ticket(subject="Hello", body=body),
        ]
    )
    assert same(once, repeated)
    assert other.text == f"Hello\n{body}"
