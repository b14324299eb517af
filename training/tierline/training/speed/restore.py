"""A bundle's encoder, back from its ONNX graph, for the libraries that need torch weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from tokenizers.processors import TemplateProcessing

from tierline.data.errors import BundleError
from tierline.models.encoder import encoder_source
from tierline.models.runtime.bundle import Bundle
from tierline.models.runtime.manifest import ONNX_FP32, TOKENIZER

Array = NDArray[np.float32]
_PREFIX: Final = "model.encoder."
_HEADS: Final = "/MatMul_output_0"
_DENSE: Final = "/dense/MatMul_output_0"


@dataclass(frozen=True)
class Restored:
    """The encoder as transformers has it, without a pooler.

    ``heads`` has shape (labels, hidden), ``bias`` (labels,): all heads side by side. ``tokenizer``
    cuts at the bundle's most tokens.
    """

    encoder: Any
    tokenizer: Any
    heads: Array
    bias: Array


def restore(bundle: Bundle) -> Restored:
    """Return the fp32 encoder of a bundle whose encoder is a BERT.

    Raises:
        BundleError: when the graph isn't that of a fused BERT.
    """
    import transformers

    transformers.utils.logging.set_verbosity(transformers.logging.CRITICAL)
    manifest = bundle.manifest
    config = transformers.AutoConfig.from_pretrained(encoder_source(manifest.encoder))
    weights, heads = _weights(bundle.folder / ONNX_FP32)
    try:
        encoder = transformers.BertModel(config, add_pooling_layer=False)
        encoder.load_state_dict(weights, strict=True)
    except (RuntimeError, AttributeError) as error:
        raise BundleError(
            "expected a bundle whose encoder is a BERT, as the packaged one is; the graph of "
            f"{manifest.encoder} doesn't fit one: {str(error).splitlines()[0]}"
        ) from None
    names = {f"{n}_token": f"[{n.upper()}]" for n in ("unk", "sep", "pad", "cls", "mask")}
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(bundle.folder / TOKENIZER),
        model_max_length=manifest.max_tokens,
        model_input_names=["input_ids", "attention_mask"],
        **names,
    )
    ends = [(token, tokenizer.convert_tokens_to_ids(token)) for token in ("[CLS]", "[SEP]")]
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=ends
    )
    return Restored(encoder.eval(), tokenizer, heads, np.asarray(manifest.bias, np.float32))


def _weights(path: Path) -> tuple[dict[str, torch.Tensor], Array]:
    """Return the encoder's weights by their names in transformers, and the heads' (labels, hidden).

    Fusing joins query, key and value, and the exporter turns matrices round and names them by
    number; the place of a node in the model stands in the name of its output.
    """
    graph = onnx.load(str(path)).graph
    arrays = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    found = {n.removeprefix(_PREFIX): a for n, a in arrays.items() if n.startswith(_PREFIX)}
    heads = np.zeros((0, 0), np.float32)
    for node in graph.node:
        output, matrix = node.output[0], arrays.get(node.input[1]) if len(node.input) > 1 else None
        if matrix is None:
            continue
        if node.op_type == "Attention":
            place = _place(output, "/Reshape")
            parts = (np.split(matrix, 3, axis=1), np.split(arrays[node.input[2]], 3))
            for name, weight, bias in zip(("query", "key", "value"), *parts, strict=True):
                found |= {f"{place}.{name}.weight": weight.T, f"{place}.{name}.bias": bias}
        elif node.op_type == "MatMul" and output == _HEADS:
            heads = matrix.T
        elif node.op_type == "MatMul" and output.endswith(_DENSE):
            found[f"{_place(output, '/MatMul')}.weight"] = matrix.T
    return {name: torch.tensor(a) for name, a in found.items()}, heads


def _place(output: str, last: str) -> str:
    """Return a layer's name in transformers from a node's output, e.g. ``/encoder/encoder/…``."""
    return output.removeprefix("/encoder/").partition(last)[0].replace("/", ".")
