"""Why safety raises a ticket: what its rules found, and what the model suspects."""

from collections.abc import Sequence
from typing import Final

from tierline.data.redact import redact_quotes
from tierline.models.runtime.prediction import Prediction
from tierline.serving import safety
from tierline.serving.routing.caution import INCIDENTS, incident_probability
from tierline.serving.routing.recommendation import Reason, ReviewReason
from tierline.serving.routing.review import strangeness
from tierline.serving.routing.words import word_suspicions

_DOUBTS: Final = {
    ReviewReason.UNSUPPORTED_LANGUAGE: "it knows little of this language",
    ReviewReason.OUT_OF_DISTRIBUTION: "it has learnt from no ticket like this",
}


def alarms_of(
    hits: tuple[safety.SafetyHit, ...], prediction: Prediction | None, text: str
) -> tuple[Reason, ...]:
    """Return safety's reasons: what its rules found, and what the model suspects.

    Where no model speaks, the table of words does.

    Only these reasons quote the ticket; answers get stored, so its secrets stay out of them.
    """
    reasons = [Reason(rule=h.rule, text=safety.TEXTS[h.rule], evidence=(h.evidence,)) for h in hits]
    reasons += _model_suspicions(prediction) + word_suspicions(text, _unspoken(prediction))
    return tuple(
        reason.model_copy(update={"evidence": redact_quotes(reason.evidence, text)})
        for reason in reasons
    )


def incidents_of(alarms: Sequence[Reason]) -> tuple[str, ...]:
    """Return the incidents that safety's reasons are about, by label."""
    return tuple(dict.fromkeys(alarm.rule.rpartition(".")[2] for alarm in alarms))


def _unspoken(prediction: Prediction | None) -> list[str]:
    """Return the incidents that no model speaks of: it failed, or never learnt them."""
    issue_type = prediction.heads.get("issue_type") if prediction else None
    return [label for label in INCIDENTS if not issue_type or label not in issue_type.probabilities]


def doubt_text(prediction: Prediction) -> str:
    """Return what to add to a suspicion of the model about a text that it can't judge.

    The suspicion stands all the same: it is there to miss nothing, and such a text is where the
    model would miss most. Whoever gets the ticket should know that it may be no incident.
    """
    strange = strangeness(prediction)
    return f", but the model isn't sure: {_DOUBTS[strange]}" if strange in _DOUBTS else ""


def _model_suspicions(prediction: Prediction | None) -> list[Reason]:
    issue_type = prediction.heads.get("issue_type") if prediction else None
    if prediction is None or issue_type is None:
        return []
    found, doubt = [], doubt_text(prediction)
    for label, rule in INCIDENTS.items():
        probability = incident_probability(prediction, label)
        threshold = prediction.thresholds.get(f"safety.{label}", 1.0)
        if probability >= threshold or issue_type.label == label:
            name = label.replace("_", " ")
            text = f"the model sees {name} (probability {probability:.2f}){doubt}"
            words = prediction.evidence("issue_type", label).words()
            found.append(Reason(rule=rule, text=text, evidence=words))
    return found
