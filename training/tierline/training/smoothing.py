"""Activations that int8 can hold: peaks moved from the numbers to the weights.

int8 graphs quantise what goes into a product by the range seen in a run, one step for all of it. A
few features behind GELU peak ten times above the others, whose numbers then fall on few steps.
SmoothQuant (Xiao et al., arXiv:2211.10438) divides each feature by a constant and multiplies its
weights by the same: the product stays. Here that constant is the feature's largest number over
some tickets, and for features below the median the median, so that none is made larger.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

_PEAKING: Final = {"Gelu", "BiasGelu", "FastGelu"}


def smooth(source: Path, target: Path, tickets: Sequence[Sequence[int]]) -> None:
    """Write the graph in ``source`` to ``target``, its inputs to products behind GELU smoothed.

    ``tickets`` are token ids of typical tickets. What the graph gives stays the same, up to
    rounding. Weights that several products share are left alone: each would need its own.
    """
    model = onnx.load(source)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    uses = Counter(name for n in model.graph.node for name in n.input)
    peaking = {name for n in model.graph.node if n.op_type in _PEAKING for name in n.output}
    products = [
        n
        for n in model.graph.node
        if n.op_type == "MatMul" and n.input[0] in peaking
        if n.input[1] in weights and uses[n.input[1]] == 1
    ]
    largest = _largest(source, [n.input[0] for n in products], tickets) if products else []
    for product, peaks in zip(products, largest, strict=True):
        scale = np.maximum(peaks, np.median(peaks)).astype(np.float32)
        if scale.min() > 0:
            _move(model, product, weights[product.input[1]], scale)
    onnx.save(model, target)


def _largest(
    graph: Path, names: Sequence[str], tickets: Sequence[Sequence[int]]
) -> list[NDArray[np.float32]]:
    """Return the largest size that each feature (features,) of the named values takes."""
    model = onnx.load(graph)
    model.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names
    )
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    found = []
    for ticket in tickets:
        ids = np.asarray([ticket], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        found.append([np.abs(v).max(axis=(0, 1)) for v in session.run(names, feed)])
    return [np.max(sizes, axis=0) for sizes in zip(*found, strict=True)]


def _move(
    model: ModelProto, product: NodeProto, weight: TensorProto, scale: NDArray[np.float32]
) -> None:
    """Divide a product's input by ``scale`` (features,), and multiply its weights."""
    scaled = numpy_helper.to_array(weight) * scale[:, None]
    weight.CopyFrom(numpy_helper.from_array(scaled, weight.name))
    factor, smoothed = f"{product.name}_smoothing", f"{product.name}_smoothed"
    model.graph.initializer.append(numpy_helper.from_array(1 / scale, factor))
    division = helper.make_node("Mul", [product.input[0], factor], [smoothed], smoothed)
    model.graph.node.insert(list(model.graph.node).index(product), division)
    product.input[0] = smoothed
