"""A bundle behind LitServe (`pip install litserve`): batches of texts through torch.

`python -m tests.serving.peers.litserve_app BUNDLE [PORT]` serves on loopback; then
`tierline load-test http://127.0.0.1:PORT FILE --api litserve`.
"""

import sys
from pathlib import Path
from typing import Any

import litserve
import torch
from fastapi import Request

from tierline.models.runtime.bundle import Bundle
from tierline.models.runtime.heads import head_columns
from tierline.training.speed.restore import restore

_BATCH = 32
_WAIT_SECONDS = 0.005


class Classifier(litserve.LitAPI):  # type: ignore[misc]
    """Answers requests of texts with every head's label and its probability."""

    def __init__(self, folder: Path) -> None:
        super().__init__(max_batch_size=_BATCH, batch_timeout=_WAIT_SECONDS)
        self._folder = folder

    def setup(self, device: str) -> None:
        """Load the encoder of the bundle."""
        bundle = Bundle.load(self._folder)
        self._restored = restore(bundle)
        self._columns = head_columns(bundle.manifest.heads)
        self._heads = torch.tensor(self._restored.heads).T
        self._bias = torch.tensor(self._restored.bias)

    def decode_request(self, request: Request, **_: Any) -> Any:
        """Return the request's texts."""
        return request["texts"]  # LitServe hands the JSON over

    @torch.inference_mode()
    def predict(self, batch: Any, **_: Any) -> Any:
        """Answer the texts of several requests in one pass."""
        texts = [text for texts in batch for text in texts]
        given = self._restored.tokenizer(
            texts, padding=True, truncation=True, return_tensors="pt", return_token_type_ids=False
        )
        states = self._restored.encoder(**given).last_hidden_state
        mask = given["attention_mask"].unsqueeze(-1).float()
        logits = (states * mask).sum(dim=1) / mask.sum(dim=1) @ self._heads + self._bias
        heads = (self._answers(head, logits[:, part]) for head, part in self._columns)
        answers = zip(*heads, strict=True)
        return [[next(answers) for _ in texts] for texts in batch]

    def encode_response(self, output: Any, **_: Any) -> Any:
        """Return the answers as JSON."""
        return {"answers": output}

    def _answers(self, head: Any, logits: torch.Tensor) -> list[tuple[str, float]]:
        best = torch.softmax(logits / head.temperature, dim=1).max(dim=1)
        return [
            (head.labels[i], float(p))
            for p, i in zip(best.values.tolist(), best.indices.tolist(), strict=True)
        ]


if __name__ == "__main__":
    server = litserve.LitServer(Classifier(Path(sys.argv[1])), accelerator="cpu")
    server.run(
        host="127.0.0.1",
        port=int(sys.argv[2]) if len(sys.argv) > 2 else 8001,
        generate_client_file=False,
    )
