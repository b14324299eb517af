"""How much arithmetic a text asks of the encoder, whoever answers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tierline.data.ticket import Ticket
from tierline.models.encoder import encoder_source
from tierline.models.runtime.bundle import Bundle
from tierline.models.runtime.manifest import TOKENIZER
from tierline.models.runtime.tokens import TicketTokenizer


@dataclass(frozen=True)
class Work:
    """Tokens of all texts, special ones included and padding left out, and operations for them."""

    tokens: int
    operations: float


def work_of(bundle: Bundle, tickets: Sequence[Ticket]) -> Work:
    """Count the products of the layers and of attention; norms and embeddings are left out."""
    import transformers

    manifest = bundle.manifest
    config: Any = transformers.AutoConfig.from_pretrained(encoder_source(manifest.encoder))
    hidden, inner = int(config.hidden_size), int(config.intermediate_size)
    layers = int(config.num_hidden_layers)
    tokenizer = TicketTokenizer(bundle.folder / TOKENIZER, manifest.max_tokens)
    lengths = [len(tokenizer(ticket).ids) for ticket in tickets]
    per_token = 2 * layers * (4 * hidden**2 + 2 * hidden * inner)
    attention = sum(4 * layers * hidden * n**2 for n in lengths)
    return Work(sum(lengths), float(per_token * sum(lengths) + attention))
