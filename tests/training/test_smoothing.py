"""Smoothed graphs say the same, and lose less to int8."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from tierline.training.smoothing import smooth

RANDOM = np.random.default_rng(3)
WORDS, HIDDEN, LABELS = 50, 64, 5
TICKETS = [[int(i) for i in RANDOM.integers(1, WORDS, 12)] for _ in range(40)]


@pytest.fixture
def peaking(tmp_path: Path) -> Path:
    """Word states through GELU into a product; one feature is far larger than the others."""
    table = RANDOM.normal(0, 1, (WORDS, HIDDEN)).astype(np.float32)
    table[:, 7] *= 100
    weights = RANDOM.normal(0, 1, (HIDDEN, LABELS)).astype(np.float32)
    weights[7] /= 100
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["states"]),
        helper.make_node("Gelu", ["states"], ["peaks"], "gelu", domain="com.microsoft"),
        helper.make_node("MatMul", ["peaks", "weights"], ["y"], "product"),
    ]
    ids = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
        for name in ("input_ids", "attention_mask")
    ]
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", "tokens", LABELS])
    learnt = [numpy_helper.from_array(table, "table"), numpy_helper.from_array(weights, "weights")]
    graph = helper.make_graph(nodes, "g", ids, [out], initializer=learnt)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), tmp_path / "raw.onnx")
    return tmp_path / "raw.onnx"


def run(path: Path) -> NDArray[np.float32]:
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    ids = np.array(TICKETS, dtype=np.int64)
    names = {i.name for i in session.get_inputs()}
    feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    return np.asarray(session.run(None, {k: v for k, v in feed.items() if k in names})[0])


def lost(path: Path, expected: NDArray[np.float32]) -> float:
    """Return the largest error of the graph's int8 form."""
    int8 = path.with_suffix(".int8.onnx")
    quantize_dynamic(
        path,
        int8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul"],
        extra_options={"DefaultTensorType": TensorProto.FLOAT},
    )
    return float(np.abs(run(int8) - expected).max())


def test_the_same_numbers_and_less_lost_to_int8(peaking: Path, tmp_path: Path) -> None:
    target = tmp_path / "smooth.onnx"
    expected = run(peaking)
    smooth(peaking, target, TICKETS)
    np.testing.assert_allclose(run(target), expected, rtol=1e-5, atol=1e-4)
    assert lost(target, expected) < lost(peaking, expected) / 4


def test_weights_that_products_share_are_left_alone(peaking: Path, tmp_path: Path) -> None:
    model = onnx.load(peaking)
    model.graph.node.append(helper.make_node("MatMul", ["states", "weights"], ["z"], "another"))
    onnx.save(model, tmp_path / "shared.onnx")
    smooth(tmp_path / "shared.onnx", tmp_path / "smooth.onnx", TICKETS)
    assert onnx.load(tmp_path / "smooth.onnx") == model


def test_without_anything_behind_gelu_the_graph_stays(peaking: Path, tmp_path: Path) -> None:
    model = onnx.load(peaking)
    del model.graph.node[1]
    model.graph.node[1].input[0] = "states"
    onnx.save(model, tmp_path / "plain.onnx")
    smooth(tmp_path / "plain.onnx", tmp_path / "smooth.onnx", TICKETS)
    assert onnx.load(tmp_path / "smooth.onnx") == model
