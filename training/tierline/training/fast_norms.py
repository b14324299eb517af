"""Layer norms in a form that onnxruntime's CPU kernels compute fast."""

from typing import Any, Final

from onnx import NodeProto, TensorProto, helper

_FUSED: Final = "SkipLayerNormalization"
#: Inputs and outputs of onnxruntime's fused node, in its order: x, skip, gamma, beta, bias; the
#: norm, two statistics that only training asks for, the sum that was normed.
_BIAS, _SUM = 4, 3


def split_norms(model: Any) -> None:
    """Replace every fused sum and layer norm of an ``OnnxModel`` by a sum and an instance norm.

    A layer norm over (batch, tokens, hidden) is an instance norm of which every token is a channel,
    with the learnt scale and shift applied behind it. onnxruntime's fused kernel adds up one
    number after the other: it took a fifth of an int8 graph's time. The other kernel is
    vectorised, and takes about an eighth of that fifth.
    """
    fused = model.get_nodes_by_op_type(_FUSED)
    for number, node in enumerate(fused):
        model.add_nodes(_split(node, f"norm_{number}"))
    model.remove_nodes(fused)
    model.topological_sort()


def _split(node: NodeProto, name: str) -> list[NodeProto]:
    x, skip, gamma, beta, *bias = node.input[: _BIAS + 1]
    epsilon = next(a.f for a in node.attribute if a.name == "epsilon")
    total = (node.output[_SUM] if len(node.output) > _SUM else "") or f"{name}_sum"
    nodes: list[NodeProto] = []

    def add(op: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        step = f"{name}_{len(nodes)}"
        output = output or step
        nodes.append(helper.make_node(op, inputs, [output], step, **attributes))
        return output

    if any(bias):
        x = add("Add", [x, *bias])
    add("Add", [x, skip], total)
    tokens = add("Shape", [total], start=1, end=2)
    one, zero = (
        add("ConstantOfShape", [tokens], value=helper.make_tensor("v", TensorProto.FLOAT, [1], [v]))
        for v in (1.0, 0.0)
    )
    normed = add("InstanceNormalization", [total, one, zero], epsilon=epsilon)
    add("Add", [add("Mul", [normed, gamma]), beta], node.output[0])
    return nodes
