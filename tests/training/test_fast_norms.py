"""Split layer norms say what onnxruntime's fused ones say."""

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnxruntime.transformers.onnx_model import OnnxModel

from tierline.training.fast_norms import split_norms

HIDDEN = 8
RANDOM = np.random.default_rng(5)
FEED = {name: RANDOM.normal(2, 3, (2, 3, HIDDEN)).astype(np.float32) for name in ("x", "skip")}
LEARNT = {name: RANDOM.normal(size=HIDDEN).astype(np.float32) for name in ("gamma", "beta", "bias")}


def graph(*more: str, outputs: tuple[str, ...]) -> ModelProto:
    """Two fused norms, the second over what the first gives, and a node behind them."""
    first = ["x", "skip", "gamma", "beta", *more]
    nodes = [
        helper.make_node(
            "SkipLayerNormalization", inputs, outs, f"{n}", domain="com.microsoft", epsilon=0.5
        )
        for n, (inputs, outs) in enumerate(
            [(first, ["a", "", "", "sum"]), (["sum", "a", *first[2:]], ["y"])]
        )
    ]
    nodes.append(helper.make_node("Identity", ["y"], ["behind"]))
    shape: list[str | int | None] = ["batch", "tokens", HIDDEN]
    info = {
        n: helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in (*FEED, *outputs)
    }
    learnt = [numpy_helper.from_array(value, name) for name, value in LEARNT.items()]
    body = helper.make_graph(
        nodes, "g", [info[n] for n in FEED], [info[n] for n in outputs], initializer=learnt
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(body, opset_imports=opsets, ir_version=8)


def run(model: ModelProto) -> list[NDArray[np.float32]]:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return [np.asarray(value) for value in session.run(None, FEED)]


@pytest.mark.parametrize("more", [(), ("bias",), ("",)])
def test_the_same_norms_without_the_fused_kernel(more: tuple[str, ...]) -> None:
    model = graph(*more, outputs=("behind", "sum"))
    expected = run(model)
    split = OnnxModel(model)
    split_norms(split)
    kinds = [node.op_type for node in split.nodes()]
    assert kinds.count("InstanceNormalization") == 2
    assert "SkipLayerNormalization" not in kinds
    for ours, theirs in zip(run(split.model), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-6)
    total = FEED["x"] + FEED["skip"] + (LEARNT["bias"] if "bias" in more else 0)
    np.testing.assert_allclose(run(split.model)[1], total, atol=1e-6)
