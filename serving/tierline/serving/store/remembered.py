"""A decision as it is remembered: redacted words, what the model said, the answer, the clock.

Words are normalised, then redacted. Where that takes nothing out (most tickets), the record holds
the very inputs of the decision. Where it does, ``taken_out`` names the fields, the safety hits
are taken from the answer when it is made again, and whether that gives the same answer is tried
at once: ``replays``.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Final
from uuid import uuid4

from tierline.data.normalise import full_text, normalise
from tierline.data.redact import redact
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Evidence, HeadPrediction, Prediction
from tierline.serving import safety
from tierline.serving.policy import Exclusion, Policy
from tierline.serving.routing.caution import INCIDENTS
from tierline.serving.routing.recommend import knows_stated, recommend
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Decision
from tierline.serving.store.moments import Moment, Moments
from tierline.serving.store.versions import code_version, rules_version
from tierline.serving.teams.exclusions import NO_MORE, Exclusions

_WORDS: Final = ("subject", "body")
_IDS: Final = ("id", "customer")
STATED: Final = "stated_severity"
Json = dict[str, Any]


@dataclass(frozen=True)
class _Told(Evidence):
    """Evidence of which only the words are known."""

    told: tuple[str, ...] = ()

    def words(self, most: int = 3) -> tuple[str, ...]:
        """Return the words as they were told."""
        return self.told[:most]


@dataclass(frozen=True)
class RememberedPrediction(Prediction):
    """A prediction without its tokens; of the incidents it still has the words that it told."""

    told: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def evidence(self, head: str, label: str | None = None) -> Evidence:
        """Return the words told about a label of an incident, nothing about others."""
        label = label or self.heads[head].label
        return _Told(label, 0.0, 0.0, (), self.told.get(label, ()))


@dataclass(frozen=True)
class Remembered:
    """One decision before it is written: without tensors, its words still as they came.

    ``recalled``: its severity was stated with an earlier one, so here nobody states it anew.
    """

    ticket: Ticket = field(repr=False)
    prediction: Json | None
    thresholds: Mapping[str, float]
    recommendation: Recommendation
    policy: Policy
    now: datetime
    exclusions: Exclusions = NO_MORE
    recalled: bool = False
    id: str = field(default_factory=lambda: str(uuid4()))
    #: The store's, whatever ``now`` was given: an erasure since then is told by it.
    recorded: Moment = field(default_factory=lambda: Moments().take())

    @classmethod
    def of(
        cls,
        decision: Decision,
        policy: Policy,
        now: datetime,
        name: str | None = None,
        *,
        recalled: bool = False,
        recorded: Moment | None = None,
    ) -> "Remembered":
        """Take from a decision what has to be kept; its id is made here, or the given ``name``."""
        said = decision.prediction
        return cls(
            decision.ticket,
            predicted(said) if said else None,
            said.thresholds if said else {},
            decision.recommendation,
            policy,
            now,
            decision.exclusions,
            recalled,
            name or str(uuid4()),
            recorded or Moments().take(),
        )

    @property
    def stated(self) -> str | None:
        """The severity that a person states with this ticket: from then on it is remembered."""
        return None if self.recalled else self.ticket.stated_severity

    @property
    def decided_at(self) -> datetime:
        """When it counts as made, among those of its ticket."""
        return self.recorded.of_clock(self.now)

    @property
    def items(self) -> list[Json]:
        """The rows to write, as JSON: ``kind`` is the table."""
        return [*self.versions(set()), self.decision()]

    def versions(self, known: set[str]) -> Iterator[Json]:
        """Yield the policy's row and the model's, unless their versions are ``known``."""
        policy, model = self.recommendation.policy_version, self.recommendation.model_version
        if policy not in known:
            content = self.policy.model_dump(mode="json")
            yield {"kind": "policies", "version": policy, "content": content}
        if model is not None and model not in known:
            thresholds = dict(self.thresholds)
            yield {"kind": "models", "version": model, "thresholds": thresholds}

    def decision(self) -> Json:
        """Return the decision's own row; this is where words are redacted."""
        inputs, taken_out = redacted(self.ticket)
        answer = self.recommendation
        row: Json = {
            "kind": "decisions",
            "id": self.id,
            "ticket_id": self.ticket.id,
            "customer": self.ticket.customer,
            "clock": self.now.isoformat(),
            "decided_at": self.decided_at.isoformat(),
            "recorded_at": self.recorded.order.isoformat(),
            **inputs,
            "exclusions": [rule.model_dump(exclude_none=True) for rule in self.exclusions.rules],
            "stated_severity": self.stated,
            "taken_out": taken_out,
            "inputs_hash": inputs_hash(inputs),
            "prediction": self.prediction,
            "recommendation": as_json(answer),
            "tier": answer.tier,
            "mode": answer.mode,
            "model_version": answer.model_version,
            "policy_version": answer.policy_version,
            "rules_version": rules_version(),
            "code_version": code_version(),
            "replays": True,
        }
        lasting = _lasting(self.ticket.created_at) and _lasting(self.now)
        if taken_out or not lasting or self.ticket.customer is not None:
            again = recommend_again(row, self.policy, self.thresholds)
            row["replays"] = as_json(again) == row["recommendation"]
        return row


def decided_at(row: Mapping[str, Any]) -> datetime:
    """Return when a decision counts as made that waits as JSON."""
    # Spools of before it was kept have the decision's clock.
    return datetime.fromisoformat(row.get("decided_at") or row["clock"])


def as_json(answer: Recommendation) -> Json:
    """Return an answer as it is stored: without the ticket's id, and what the prediction has."""
    return answer.model_dump(mode="json", exclude={"id", "stage"})


def inputs_hash(row: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what is stored of a ticket: words and context."""
    inputs = {name: row[name] for name in (*_WORDS, "context")}
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def ticket_of(row: Mapping[str, Any]) -> Ticket:
    """Return the ticket as it is stored, without ids."""
    own = {name: row[name] for name in _WORDS} | {STATED: stated_in(row)}
    # Normalising may lengthen words beyond what a ticket may have when it comes in.
    return Ticket.model_validate(row["context"]).model_copy(update=own)


def stated_in(row: Mapping[str, Any]) -> str | None:
    """Return the severity that counted in a stored decision by a person's word.

    The column alone has it in records of before a ticket could say it.
    """
    found: str | None = row["context"].get(STATED, row[STATED])
    return found


def prediction_of(row: Mapping[str, Any], thresholds: Mapping[str, float]) -> Prediction | None:
    """Return what the model said, None where rules answered alone."""
    said = row["prediction"]
    if said is None:
        return None
    labels = {rule: label for label, rule in INCIDENTS.items()}
    return RememberedPrediction(
        heads={name: HeadPrediction(**head) for name, head in said["heads"].items()},
        truncated=said["truncated"],
        model_version=row["model_version"],
        thresholds=thresholds,
        scores={name: float(score) for name, score in said["scores"].items()},
        stage=said.get("stage", "encoder"),
        told={
            labels[reason["rule"]]: tuple(reason["evidence"])
            for reason in row["recommendation"]["reasons"]
            if reason["rule"] in labels
        },
    )


def hits_of(row: Mapping[str, Any]) -> tuple[safety.SafetyHit, ...]:
    """Return the safety hits that the stored answer names."""
    return tuple(
        safety.SafetyHit(reason["rule"], evidence)
        for reason in row["recommendation"]["reasons"]
        if reason["rule"] in safety.TEXTS
        for evidence in reason["evidence"]
    )


def needs_its_hits(row: Mapping[str, Any]) -> bool:
    """Return whether the safety rules of now can't be asked alone: other words or other rules."""
    return bool(row["taken_out"]) or row["rules_version"] != rules_version()


def recommend_again(
    row: Mapping[str, Any],
    policy: Policy,
    thresholds: Mapping[str, float],
    prediction: Prediction | None = None,
) -> Recommendation:
    """Return the answer to a stored decision; ``prediction`` replaces what the model said.

    What a person stated counts again, but for a severity that another ``policy`` doesn't know.
    """
    ticket = ticket_of(row)
    if not knows_stated(policy, ticket):
        ticket = ticket.model_copy(update={STATED: None})
    return recommend(
        ticket,
        prediction or prediction_of(row, thresholds),
        policy,
        datetime.fromisoformat(row["clock"]),
        Exclusions(tuple(Exclusion.model_validate(rule) for rule in row["exclusions"])),
        hits_of(row) if needs_its_hits(row) else (),
    )


def predicted(said: Prediction) -> Json:
    """Return what a model said as it is stored: labels, probabilities and scores."""
    return {
        "truncated": said.truncated,
        "stage": said.stage,
        "heads": {
            name: {
                "label": head.label,
                "confidence": head.confidence,
                "probabilities": dict(head.probabilities),
                **({} if head.quantile is None else {"quantile": head.quantile}),
            }
            for name, head in said.heads.items()
        },
        # JSON has no infinity.
        "scores": {n: s if math.isfinite(s) else str(s) for n, s in said.scores.items()},
    }


def redacted(ticket: Ticket) -> tuple[Json, list[str]]:
    """Return words and context without personal data, and the names of the fields changed."""
    before = {"subject": normalise(ticket.subject), "body": normalise(ticket.body)}
    whole, words = full_text(ticket), before
    if (left := redact(whole)) != whole:
        words = {name: redact(text) for name, text in before.items()}
        if "\n".join(filter(None, words.values())) != left:
            # Only together do the two give something away.
            words = {"subject": "", "body": left}
    fields = ticket.model_dump(mode="json", exclude={*_WORDS, *_IDS}, exclude_defaults=True)
    # The policy knows a stated severity, so it is nobody's own words.
    free = {n: v for n, v in fields.items() if type(getattr(ticket, n)) is str and n != STATED}
    context = fields | {name: redact(value) for name, value in free.items()}
    changed = [n for n in _WORDS if words[n] != before[n]]
    changed += [n for n in free if context[n] != fields[n]]
    return {**words, "context": context}, changed


def _lasting(value: datetime | None) -> bool:
    """Return whether a time says the same after it was written: zones by name don't."""
    return value is None or isinstance(value.tzinfo, timezone)
