"""Why the model says what it says: the account of each label, in words."""

import re
from typing import Final

from pydantic import BaseModel

from tierline.data.redact import redact
from tierline.models.runtime.prediction import Evidence, Prediction

_MOST_WORDS: Final = 12
_HIDDEN: Final = "[…]"
_WORD: Final = re.compile(r"\S+")


class WordShare(BaseModel):
    """A word and what it added to the label's logit; secrets in it are ``[…]``."""

    word: str
    added: float


class HeadExplanation(BaseModel):
    """The account of the label given: ``bias``, ``words`` and ``rest`` add up to ``logit``.

    ``words`` are those that weigh most, for the label or against it; ``rest`` is what all others
    add. 0 is neither for nor against. Computed with the answer, by no further inference.
    """

    label: str
    bias: float
    words: tuple[WordShare, ...]
    rest: float
    logit: float


def explanation(prediction: Prediction) -> dict[str, HeadExplanation]:
    """Return the account of every head's label, by head."""
    said = frozenset(_WORD.findall(redact(prediction.text)))
    return {
        head: _account(prediction.evidence(head), prediction.text, said)
        for head in prediction.heads
    }


def _account(evidence: Evidence, text: str, said: frozenset[str]) -> HeadExplanation:
    added = _by_word(evidence, text)
    heaviest = sorted(added, key=lambda word: -abs(added[word]))[:_MOST_WORDS]
    words = [WordShare(word=_shown(word, said), added=added[word]) for word in heaviest]
    rest = evidence.logit - evidence.bias - sum(word.added for word in words)
    return HeadExplanation(
        label=evidence.label,
        bias=evidence.bias,
        words=tuple(words),
        rest=rest,
        logit=evidence.logit,
    )


def _by_word(evidence: Evidence, text: str) -> dict[str, float]:
    """Return what each word added, all its places together; pieces count where they begin."""
    words = {at: match[0] for match in _WORD.finditer(text) for at in range(*match.span())}
    added: dict[str, float] = {}
    for token in evidence.tokens:
        word = words.get(token.start)
        if word is not None and token.end > token.start:
            added[word] = added.get(word, 0.0) + token.value
    return added


def _shown(word: str, said: frozenset[str]) -> str:
    """Return the word if the redacted text still says it."""
    return word if word in said and redact(word) == word else _HIDDEN
