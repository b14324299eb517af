"""What the words of a ticket suggest where no model speaks: a fixed table of weighted words.

The safety rules catch plain reports; people also tell of incidents in words that no rule lists.
The table (`tierline.training.incident_words` made it from this project's corpus) hears about nine
in ten of those reports, and stands in for the model's own suspicion while there is no model.
"""

import math
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from string import punctuation
from typing import Final

from tierline.models.runtime.ngrams import NgramModel
from tierline.models.runtime.prediction import Evidence, TokenContribution
from tierline.serving.routing.caution import INCIDENTS
from tierline.serving.routing.recommendation import Reason

#: One column for each of `INCIDENTS`; a text is suspected whose words, times its `share`, add up to
#: 1 or more.
TABLE: Final = Path(__file__).parent / "incident_words.npz"
#: From so many words on, a text's words count in full.
_WORDS: Final = 20
#: They say nothing of what happened: the table leaves them out, as a term that it knows takes
#: weight from the others, and they don't make a text longer.
HASTE: Final = {
    *("urgent", "urgently", "urgency", "asap", "immediately", "immediate", "emergency", "critical"),
    *("critically", "priority", "escalate", "escalated", "escalation", "hurry", "quick", "quickly"),
    *("soon", "please", "pls", "plz", "help", "rush", "important", "desperate", "desperately"),
    *("dringend", "dringende", "eilig", "sofort", "umgehend", "schnell", "schnellstmöglich"),
    *("wichtig", "bitte", "hilfe", "urgence", "urgente", "urgentement", "vite", "rapidement"),
    *("immédiatement", "priorité", "svp", "stp", "aide", "aidez", "urgentemente", "inmediatamente"),
    *("rápido", "rápidamente", "pronto", "prioridad", "ayuda", "ayúdenme", "favor", "socorro"),
    *("imediatamente", "rapidamente", "prioridade", "ajuda", "ajudem", "importante"),
}


@cache
def _table() -> NgramModel:
    return NgramModel.load(TABLE)


def word_suspicions(text: str, labels: Iterable[str]) -> list[Reason]:
    """Return the suspicions of normalised ticket text, about the given `INCIDENTS` only."""
    asked = set(labels)
    if not asked:
        return []
    totals = _table().logits(text) * share(text)
    suspected = [label for label, total in zip(INCIDENTS, totals, strict=True) if total >= 1]
    return [_suspicion(text, label) for label in suspected if label in asked]


def share(text: str) -> float:
    """Return by how much the words of a text count, at most 1: less in a short one.

    TF-IDF weighs a text's words against each other only. Of two or three common ones each would
    weigh as much as ten do, and "status of my card?" would be an incident. A word counts
    twice at most, one of `HASTE` not at all: nobody lifts a ticket by begging.
    """
    said = Counter(word.strip(punctuation) for word in text.casefold().split())
    words = sum(min(times, 2) for word, times in said.items() if word not in HASTE)
    return min(1.0, math.sqrt(words / _WORDS))


def _suspicion(text: str, label: str) -> Reason:
    places, added = _table().contributions(text)
    values = added[:, list(INCIDENTS).index(label)]
    tokens = tuple(
        TokenContribution(text[a:b], a, b, float(value))
        for (a, b), value in zip(places, values, strict=True)
    )
    return Reason(
        rule=f"safety.words.{label}",
        text=f"no model says otherwise, and the words are those of a {label.replace('_', ' ')}",
        evidence=Evidence(label, 0.0, float(values.sum()), tokens).words(),
    )
