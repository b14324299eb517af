"""The encoder's graph on onnxruntime: a ticket at a time, or batches of fixed shapes on a GPU."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import onnxruntime as ort

from tierline.data.errors import BundleError, DeviceError, InputError
from tierline.models.runtime.manifest import ONNX_FP32, Manifest
from tierline.models.runtime.prediction import Floats

#: The graph's outputs: what each token adds to each logit, and the mean of the last states.
CONTRIBUTIONS: Final = "contributions"
EMBEDDING: Final = "embedding"
_CUDA: Final = "CUDAExecutionProvider"
#: A batch on a GPU has so many tokens, whatever its tickets' lengths.
_BATCH_TOKENS: Final = 4096
_SHORTEST: Final = 32
_GET_CUDA: Final = (
    "pip uninstall onnxruntime, then pip install 'onnxruntime-gpu[cuda,cudnn]>=1.21', and see "
    "that nvidia-smi shows the GPU; or leave out --device"
)


class Device(StrEnum):
    """What computes the encoder."""

    CPU = "cpu"
    CUDA = "cuda"


class Encoded(NamedTuple):
    """What the encoder makes of one ticket.

    ``by_token`` (tokens, labels) is what each token adds to each logit, and ``embedding``
    (hidden,) the mean of the last states, absent in older bundles.
    """

    by_token: Floats
    embedding: Floats | None


class Graph:
    """A bundle's graph, ready to run; a ticket's numbers can't depend on its company.

    On a processor every ticket is computed alone: int8 graphs quantise their activations by the
    range seen in a whole batch, and padding would change that range. On a GPU the fp32 graph
    computes batches, whose shape decides how sums are ordered. So a ticket's own length decides
    the shape, and empty rows fill a batch up.

    Raises:
        BundleError: when the file is no graph that loads.
        InputError: when there is no GPU that onnxruntime can use.
    """

    def __init__(self, folder: Path, manifest: Manifest, device: Device = Device.CPU) -> None:
        self.device = device
        self._most = manifest.max_tokens
        on_gpu = device is Device.CUDA
        path = folder / (ONNX_FP32 if on_gpu else manifest.serves)
        self._session = gpu_session(path) if on_gpu else _session(path, "CPUExecutionProvider")
        self.outputs = {output.name: output.shape[-1] for output in self._session.get_outputs()}

    def __call__(self, ids: Sequence[int]) -> Encoded:
        """Compute one ticket's token ids."""
        if self.device is Device.CUDA:
            return self.many([ids])[0]
        given = np.asarray([ids], dtype=np.int64)
        return next(self._run(given, np.ones_like(given)))

    def many(self, rows: Sequence[Sequence[int]]) -> list[Encoded]:
        """Compute tickets on a GPU, in batches of those of about the same length.

        Raises:
            DeviceError: when the GPU fails, such as for want of memory.
        """
        places: dict[int, list[int]] = {}
        for place, ids in enumerate(rows):
            places.setdefault(self._width(len(ids)), []).append(place)
        found: dict[int, Encoded] = {}
        for width, own in places.items():
            height = max(1, _BATCH_TOKENS // width)
            for start in range(0, len(own), height):
                batch = own[start : start + height]
                encoded = self._padded([rows[i] for i in batch], width, height)
                found.update(zip(batch, encoded, strict=True))
        return [found[place] for place in range(len(rows))]

    def _width(self, tokens: int) -> int:
        """Return how many tokens the rows of a ticket's batches have: a power of two, or all."""
        return min(max(_SHORTEST, 1 << (tokens - 1).bit_length()), max(self._most, tokens))

    def _padded(self, rows: Sequence[Sequence[int]], width: int, height: int) -> Iterator[Encoded]:
        ids = np.zeros((height, width), dtype=np.int64)
        mask = np.zeros_like(ids)
        mask[:, 0] = 1  # a mean over nothing is no number, in empty rows too
        for place, row in enumerate(rows):
            ids[place, : len(row)], mask[place, : len(row)] = row, 1
        try:
            found = list(self._run(ids, mask))
        except Exception as error:
            raise DeviceError(
                f"--device cuda: expected a GPU that computes; it failed ({type(error).__name__}). "
                "See with nvidia-smi whether it is free, or take fewer --workers"
            ) from error
        for row, encoded in zip(rows, found, strict=False):
            yield encoded._replace(by_token=encoded.by_token[: len(row)])

    def _run(self, ids: Any, mask: Any) -> Iterator[Encoded]:
        feed = {"input_ids": ids, "attention_mask": mask}
        names = list(self.outputs)
        found = dict(zip(names, self._session.run(names, feed), strict=True))
        by_token, embedding = found[CONTRIBUTIONS], found.get(EMBEDDING)
        for place, added in enumerate(by_token):
            yield Encoded(added, None if embedding is None else embedding[place])


def need_cuda() -> None:
    """Refuse an onnxruntime that can't use a GPU.

    Raises:
        InputError: saying how to get the one that can.
    """
    if _CUDA not in ort.get_available_providers():
        raise InputError(
            f"--device cuda: expected an onnxruntime built for CUDA; found {ort.__version__} "
            f"without: {_GET_CUDA}"
        )


def gpu_session(path: Path) -> ort.InferenceSession:
    """Return a session on a GPU, and on nothing else, in full float32.

    Raises:
        BundleError, InputError: as `Graph`.
    """
    need_cuda()
    ort.preload_dlls()  # CUDA's libraries may lie in packages of pip's
    # TensorFloat-32 keeps ten bits of a product's factors.
    session = _session(path, (_CUDA, {"use_tf32": "0"}))
    if session.get_providers()[0] != _CUDA:  # it goes on with the processor, and says so in a log
        raise InputError(f"--device cuda: expected a GPU that works; found none: {_GET_CUDA}")
    session.disable_fallback()  # nor would a failing run go on with the processor
    return session


def _session(path: Path, provider: Any) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(str(path), options, providers=[provider])
    except Exception as error:
        raise BundleError(
            f"{path} passed its hash but is no graph that this onnxruntime loads "
            f"({type(error).__name__}): train the bundle again or update onnxruntime"
        ) from None
