"""From a fine-tuned model to the bundle's ONNX graphs, checked against each other."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

from tierline.data.errors import BundleError
from tierline.data.rows import Row
from tierline.models.runtime.graph import CONTRIBUTIONS, EMBEDDING
from tierline.models.runtime.heads import column_slices
from tierline.models.runtime.manifest import ONNX_FP32, ONNX_INT8
from tierline.training.batches import collate
from tierline.training.fast_norms import split_norms
from tierline.training.fit import Fitted
from tierline.training.metrics import macro_f1
from tierline.training.smoothing import smooth
from tierline.training.targets import ABSENT

FP32_TOLERANCE: Final = 1e-4
INT8_TOLERANCE: Final = 0.005
_OPSET: Final = 17
_PARITY_ROWS: Final = 256
_TYPICAL_ROWS: Final = 320


@dataclass(frozen=True)
class Parity:
    """How the graphs compare: ``fp32_difference`` is the largest gap to torch's logits.

    ``int8_drop`` is, by head, fp32's macro-F1 less int8's on the validation part; ``serves``
    names the graph that ships, and ``why`` says so in words.
    """

    fp32_difference: float
    int8_drop: dict[str, float]
    serves: str
    why: str


class _Graph(torch.nn.Module):
    """The exported graph: token contributions, and the mean of the last states.

    Logits are the contributions' sum and the bias.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
        model: Any = self.model
        states = model.states(input_ids, attention_mask)
        return model.contributions(states, attention_mask), model.embedding(states, attention_mask)


def export_graphs(fitted: Fitted, rows: Sequence[Row], folder: Path) -> None:
    """Write the fused fp32 graph and its int8 form, smoothed on ``rows``, into ``folder``."""
    model = fitted.model.cpu().eval()
    encoder: Any = model.encoder
    batch = collate([torch.tensor([101, 102, 103, 102]), torch.tensor([101, 102])], [0, 1])
    names = ["input_ids", "attention_mask"]
    axes = {n: {0: "batch", 1: "tokens"} for n in [*names, CONTRIBUTIONS]}
    with TemporaryDirectory() as scratch, warnings.catch_warnings():
        # The exporter warns of Python branches it traced, and of its own deprecation: the
        # newer one writes a graph that onnxruntime's fusions don't recognise.
        warnings.simplefilter("ignore")
        raw = Path(scratch) / "raw.onnx"
        torch.onnx.export(
            _Graph(model),
            (batch.inputs, batch.attention_mask),
            str(raw),
            input_names=names,
            output_names=[CONTRIBUTIONS, EMBEDDING],
            dynamic_axes=axes | {EMBEDDING: {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,
        )
        _fuse(raw, folder / ONNX_FP32, encoder.config)
        smoothed = Path(scratch) / "smoothed.onnx"
        typical = rows[:: -(-len(rows) // _TYPICAL_ROWS)]
        smooth(folder / ONNX_FP32, smoothed, fitted.token_ids(typical))
        quantize_dynamic(
            smoothed,
            folder / ONNX_INT8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )


def check_parity(
    fitted: Fitted,
    rows: Sequence[Row],
    fp32: NDArray[np.float32],
    int8: NDArray[np.float32],
    added: NDArray[np.float32],
) -> Parity:
    """Compare torch, fp32 and int8 logits, shape (rows, labels), on the validation rows.

    ``added``, of the same shape, is what comes from beside the encoder: int8 is judged with it,
    by the likeliest labels.

    Raises:
        BundleError: when fp32 strays from torch by more than 1e-4: the export is then wrong.
    """
    sample = rows[:_PARITY_ROWS]
    gap = float(np.abs(fitted.logits(sample) - fp32[: len(sample)]).max())
    if gap > FP32_TOLERANCE:
        raise BundleError(
            f"export: expected fp32 logits within {FP32_TOLERANCE} of torch; found {gap:.2e}. "
            "The encoder isn't supported by the exporter; please report which one it is"
        )
    drop = {}
    sizes = [len(h.labels) for h in fitted.heads]
    for head, part in zip(fitted.heads, column_slices(sizes), strict=True):
        truth = head.targets(rows)
        known = truth != ABSENT
        if known.any():
            whole = (fp32 + added, int8 + added)
            a, b = (macro_f1(truth[known], x[known, part].argmax(axis=1)) for x in whole)
            drop[head.name] = a - b
    if not drop:
        return Parity(gap, drop, ONNX_FP32, "no validation ticket can judge int8: fp32 ships")
    worst = max(drop, key=lambda h: drop[h])
    ships_int8 = drop[worst] <= INT8_TOLERANCE
    why = (
        f"int8 costs at most {max(drop[worst], 0) * 100:.2f} points of macro-F1 ({worst})"
        if ships_int8
        else f"int8 would cost {drop[worst] * 100:.2f} points of macro-F1 on {worst}: fp32 ships"
    )
    return Parity(gap, drop, ONNX_INT8 if ships_int8 else ONNX_FP32, why)


def _fuse(source: Path, target: Path, config: Any) -> None:
    """Fuse attention and GELU where onnxruntime knows the architecture; split the norms."""
    from onnxruntime.transformers import optimizer

    optimised = optimizer.optimize_model(
        str(source),
        model_type="bert",
        num_heads=int(config.num_attention_heads),
        hidden_size=int(config.hidden_size),
        opt_level=0,
    )
    split_norms(optimised)
    # Fusing is the pre-processing that the quantiser asks for: marked, it doesn't warn.
    add_pre_process_metadata(optimised.model)
    optimised.save_model_to_file(str(target))
