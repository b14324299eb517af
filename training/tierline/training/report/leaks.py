"""Signs that the labels leak into the figures: too good a score, a word that gives a label away."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from tierline.data.normalise import full_text
from tierline.data.rows import Row
from tierline.data.splitting import SPLITS, split_of
from tierline.training.answers import Answers
from tierline.training.metrics import macro_f1
from tierline.training.report.shown import shown

#: People who label the same tickets agree far less often than this, so no honest model is so good.
TOO_GOOD: Final = 0.995
TOO_GOOD_ROWS: Final = 50
#: A word that only one label's tickets have (precision) and nearly all of them (recall) is a form
#: field, a queue's name or a template, not language: people name one thing in many words.
TOKEN_PRECISION: Final = 0.98
TOKEN_RECALL: Final = 0.90
TOKEN_ROWS: Final = 20
#: Of a label that most tickets have, any common word would look like a sign.
_MOST_COMMON: Final = 0.5
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True)
class Leak:
    """One warning: ``kind`` is too_good, token, trained_on or near_duplicates."""

    kind: str
    head: str | None
    text: str

    def as_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)


def find_leaks(rows: Sequence[Row], answers: Mapping[str, Answers]) -> tuple[Leak, ...]:
    """Return the warnings that the answers and the words themselves give."""
    heads = [a for a in answers.values() if a.probabilities is not None]
    return (*filter(None, map(_too_good, heads)), *_telling_tokens(rows, heads))


def trained_on(rows: Sequence[Row], in_manifest: bool) -> tuple[Leak, ...]:
    """Warn when the file is one the bundle was trained from and not only its test part."""
    others = sum(split_of(row) != SPLITS[2] for row in rows)
    if not in_manifest or not others:
        return ()
    text = (
        f"the bundle was trained from this very file, and {others} of its {len(rows)} rows are "
        "not marked as the test part: the model has learnt from them"
    )
    return (Leak("trained_on", None, text),)


def _too_good(answers: Answers) -> Leak | None:
    score = macro_f1(answers.truth, answers.predicted)
    if score < TOO_GOOD or len(answers.rows) < TOO_GOOD_ROWS:
        return None
    text = (
        f"macro-F1 {score:.3f} on {len(answers.rows)} rows is too good to be true: "
        "look for rows the model was trained on, or a text field that repeats the label"
    )
    return Leak("too_good", answers.head, text)


def _telling_tokens(rows: Sequence[Row], heads: Sequence[Answers]) -> Iterator[Leak]:
    words = CountVectorizer(binary=True, analyzer=_WORD.findall, min_df=TOKEN_ROWS // 2)
    try:
        present = words.fit_transform([full_text(r.ticket).casefold() for r in rows]).tocsr()
    except ValueError:
        return  # no word is common enough to tell anything
    names = words.get_feature_names_out()
    for answers in heads:
        held = present[answers.rows]
        truth = np.eye(len(answers.labels))[answers.truth]
        both = np.asarray(held.T @ truth)  # (words, labels): tickets with the word and the label
        with_word = np.maximum(np.asarray(held.sum(axis=0)).reshape(-1, 1), 1)
        with_label = truth.sum(axis=0)
        tells = (both >= TOKEN_PRECISION * with_word) & (both >= TOKEN_RECALL * with_label)
        tells &= (with_label >= TOKEN_ROWS) & (with_label <= _MOST_COMMON * len(truth))
        for label in np.flatnonzero(tells.any(axis=0)):
            told = np.flatnonzero(tells[:, label])
            best = told[np.argmax(both[told, label])]
            more = f" (and so do {len(told) - 1} other words)" if len(told) > 1 else ""
            text = (
                f"the word “{shown(names[best])}” alone gives {answers.labels[label]} away{more}: "
                f"{int(both[best, label])} of the {int(with_word[best, 0])} tickets with it have "
                f"that label, and {int(with_label[label])} have the label"
            )
            yield Leak("token", answers.head, text)
