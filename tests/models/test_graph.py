"""Batches as a GPU computes them, here by the processor's fp32 kernels, and what needs a GPU."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.data import InputError, Ticket
from tierline.data.errors import DeviceError
from tierline.models.runtime import Bundle, Prediction, Predictor, graph
from tierline.models.runtime.graph import Device, Graph
from tierline.models.runtime.manifest import ONNX_FP32
from tierline.serving.policy import load_policy
from tierline.serving.routing.router import Router
from tierline.training.pipeline import Trained

SESSION, ON_GPU = graph._session, graph.gpu_session
WORDS = "the invoice charged my card twice please advise 改善 💛 nobody can work".split()  # noqa: SIM905


class Watched:
    """A session that keeps the shapes it was given."""

    def __init__(self, session: Any) -> None:
        self.session, self.shapes = session, list[tuple[int, int]]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)

    def run(self, names: list[str], feed: dict[str, Any]) -> Any:
        self.shapes.append(feed["input_ids"].shape)
        return self.session.run(names, feed)


@pytest.fixture(scope="module")
def batched(trained: Trained) -> Iterator[Callable[..., Predictor]]:
    """Opens predictors whose "GPU" is the processor."""
    loaded: list[Predictor] = []

    def load(folder: Path = trained.out) -> Predictor:
        loaded.append(Predictor.load(folder, threads=2, device=Device.CUDA))
        return loaded[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph, "gpu_session", lambda path: Watched(on_cpu(path)))
        yield load
    for predictor in loaded:
        predictor.close()


def on_cpu(path: Path) -> ort.InferenceSession:
    return SESSION(path, "CPUExecutionProvider")


def shapes_of(predictor: Predictor) -> list[tuple[int, int]]:
    return cast(Watched, predictor._graph._session).shapes


def texts(count: int, seed: int = 3) -> list[Ticket]:
    rng = random.Random(seed)  # noqa: S311
    return [Ticket(body=" ".join(rng.choices(WORDS, k=rng.randrange(120)))) for _ in range(count)]


def numbers(prediction: Prediction) -> list[Any]:
    assert prediction.account is not None and prediction.embedding is not None
    places, added = prediction.account.pieces()
    return [prediction.heads, places, added.tolist(), prediction.embedding.tolist()]


def test_a_batch_answers_as_single_tickets_do_on_the_processor(
    trained: Trained, batched: Callable[..., Predictor]
) -> None:
    bundle = Bundle.load(trained.out)
    exact = bundle.manifest.model_copy(update={"serves": ONNX_FP32})
    alone = Predictor(Bundle(trained.out, exact), threads=1)
    tickets = texts(300)
    found, expected = batched().predict(tickets), alone.predict(tickets)
    alone.close()
    for a, b in zip(found, expected, strict=True):
        assert a.account is not None and b.account is not None
        (places, added), (others, more) = a.account.pieces(), b.account.pieces()
        assert places == others and np.abs(added - more).max() < 1e-5
        for name, head in a.heads.items():
            assert head.probabilities == pytest.approx(b.heads[name].probabilities, abs=1e-5)
        assert (a.truncated, a.text, a.stage) == (b.truncated, b.text, b.stage)


def test_company_changes_no_bit(batched: Callable[..., Predictor]) -> None:
    predictor, tickets = batched(), texts(200)
    together = predictor.predict(tickets)
    rng = random.Random(5)  # noqa: S311
    for place in rng.sample(range(len(tickets)), 20):
        assert numbers(predictor.predict([tickets[place]])[0]) == numbers(together[place])
    shuffled = rng.sample(list(enumerate(tickets)), len(tickets))
    again = predictor.predict([ticket for _, ticket in shuffled])
    for (place, _), prediction in zip(shuffled, again, strict=True):
        assert numbers(prediction) == numbers(together[place])


def test_a_tickets_own_length_decides_the_shape(batched: Callable[..., Predictor]) -> None:
    predictor = batched()
    predictor.predict(texts(400))
    most = predictor.manifest.max_tokens
    assert len(set(shapes_of(predictor))) == len({width for _, width in shapes_of(predictor)})
    for height, width in shapes_of(predictor):
        assert width in (32, 64, 128, 256, most)
        assert height == 4096 // width


@given(st.lists(st.integers(1, 90), max_size=60))
def test_every_ticket_gets_its_own_numbers(lengths: list[int]) -> None:
    """Each row's numbers come back in its place, without the padding."""
    counting = Graph.__new__(Graph)
    counting.device, counting._most = Device.CUDA, 80

    def run(ids: Any, mask: Any) -> Iterator[graph.Encoded]:
        assert mask.any(axis=1).all()
        for row, real in zip(ids, mask, strict=True):
            yield graph.Encoded((row * real)[:, None].astype(np.float32), None)

    counting._run = run  # type: ignore[method-assign]
    rows = [[place + 1] * length for place, length in enumerate(lengths)]
    for ids, encoded in zip(rows, counting.many(rows), strict=True):
        assert encoded.by_token[:, 0].tolist() == ids


def test_the_fast_stage_leaves_the_encoder_the_rest(
    fast_bundle: Path, batched: Callable[..., Predictor]
) -> None:
    predictor, cpu = batched(fast_bundle), Predictor.load(fast_bundle, threads=1)
    tickets = [*texts(40), Ticket(body="The invoice charged my card twice. Please advise.")]
    found, expected = (p.predict(tickets) for p in (predictor, cpu))
    cpu.close()
    assert [p.stage for p in found] == [p.stage for p in expected]
    predictor.predict([])


class OnlyCuda:
    """Stands in for a session, and says which provider it has got."""

    def __init__(self, provider: str) -> None:
        self.provider, self.falls_back = provider, True

    def get_providers(self) -> list[str]:
        return [self.provider]

    def disable_fallback(self) -> None:
        self.falls_back = False


def test_a_gpu_that_isnt_there_is_told(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "gpu_session", ON_GPU)
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(InputError, match="expected an onnxruntime built for CUDA") as said:
        Predictor.load(trained.out, device=Device.CUDA)
    assert "pip uninstall onnxruntime" in str(said.value)
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr(ort, "preload_dlls", lambda: None)
    monkeypatch.setattr(graph, "_session", lambda *_: OnlyCuda("CPUExecutionProvider"))
    with pytest.raises(InputError, match="expected a GPU that works; found none"):
        Predictor.load(trained.out, device=Device.CUDA)


def test_a_gpu_computes_in_full_float32_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def session(path: Path, provider: Any) -> OnlyCuda:
        asked.append(provider)
        return OnlyCuda(provider[0])

    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr(ort, "preload_dlls", lambda: None)
    monkeypatch.setattr(graph, "_session", session)
    made = cast(OnlyCuda, ON_GPU(Path("model.onnx")))
    assert asked == [("CUDAExecutionProvider", {"use_tf32": "0"})]
    assert not made.falls_back


def test_a_gpu_that_fails_is_no_answer_by_rules(batched: Callable[..., Predictor]) -> None:
    predictor = batched()

    def run(*_: Any) -> Any:
        raise RuntimeError("CUDA failure 2: out of memory")

    predictor._graph._session.run = run
    for tickets in (texts(3), texts(1)):
        with pytest.raises(DeviceError, match="it failed"):
            Router(load_policy(), predictor).route(tickets, datetime.now(UTC))
