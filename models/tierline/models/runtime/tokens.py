"""From a ticket's words to token ids: subject and body apart, the middle of long ones cut."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tokenizers import Tokenizer

from tierline.data.errors import BundleError
from tierline.data.normalise import model_texts
from tierline.data.ticket import Ticket

#: More characters than any ticket needs to fill 512 tokens from its head and its tail.
_MAX_CHARS: Final = 12_000
_HEAD_SHARE: Final = 0.75


@dataclass(frozen=True)
class Tokens:
    """Token ids with their place in ``text`` (special tokens have an empty place)."""

    ids: list[int]
    text: str
    offsets: list[tuple[int, int]]
    truncated: bool


def text_read(ticket: Ticket) -> str:
    """Return the text that a model reads: subject and body in lines apart."""
    return "\n".join(_texts(ticket)[0])


class TicketTokenizer:
    """Turns tickets into ``[CLS] subject [SEP] body [SEP]``.

    Of a text with more than ``max_tokens`` tokens, the first three quarters of the room go to
    its head and the rest to its tail: tickets often end with what is wanted.
    """

    def __init__(self, path: Path, max_tokens: int) -> None:
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.max_tokens = max_tokens
        self._cls, self._sep = self._special("[CLS]", "<s>"), self._special("[SEP]", "</s>")

    def __call__(self, ticket: Ticket) -> Tokens:
        """Tokenise one ticket; a ticket without words gives the two special tokens."""
        texts, truncated = _texts(ticket)
        ids, offsets, start = [self._cls], [(0, 0)], 0
        for text in texts:
            encoding = self._tokenizer.encode(text, add_special_tokens=False)
            ids += [*encoding.ids, self._sep]
            offsets += [(a + start, b + start) for a, b in encoding.offsets]
            offsets.append((0, 0))
            start += len(text) + 1
        if not texts:
            ids, offsets = [*ids, self._sep], [*offsets, (0, 0)]
        if len(ids) > self.max_tokens:
            head = int(self.max_tokens * _HEAD_SHARE)
            tail = self.max_tokens - head
            ids, offsets = ids[:head] + ids[-tail:], offsets[:head] + offsets[-tail:]
            truncated = True
        return Tokens(ids, "\n".join(texts), offsets, truncated)

    def _special(self, *names: str) -> int:
        """Return the id of the first special token that the vocabulary has."""
        found = (self._tokenizer.token_to_id(name) for name in names)
        token = next((t for t in found if t is not None), None)
        if token is None:
            raise BundleError(
                f"expected a tokenizer with a special token {' or '.join(names)}; found neither: "
                "choose an encoder of the BERT or RoBERTa family"
            )
        return token


def _texts(ticket: Ticket) -> tuple[list[str], bool]:
    """Return what there is of subject and body, the middle of very long ones cut, and if so."""
    texts = [t for t in model_texts(ticket) if t]
    head = int(_MAX_CHARS * _HEAD_SHARE)
    cut = [f"{t[:head]}\n{t[head - _MAX_CHARS :]}" if len(t) > _MAX_CHARS else t for t in texts]
    return cut, cut != texts
