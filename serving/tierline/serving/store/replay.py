"""Make a stored decision again and compare, field by field and bit for bit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tierline.data.errors import StoreError
from tierline.models.runtime.predictor import Predictor
from tierline.serving.policy import Policy
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.store.decisions import Stored
from tierline.serving.store.remembered import (
    as_json,
    inputs_hash,
    needs_its_hits,
    predicted,
    recommend_again,
    ticket_of,
)
from tierline.serving.store.versions import code_version, rules_version


@dataclass(frozen=True)
class Replay:
    """A decision made again.

    ``differs`` names the fields of the answer that came out otherwise, and ``prediction`` where
    the model was asked again and said something else. ``notes`` say what was taken from the
    record instead of being made again.
    """

    stored: Stored
    again: Recommendation
    differs: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether every bit is the same."""
        return not self.differs


def replay(stored: Stored, predictor: Predictor | None = None) -> Replay:
    """Return the decision made again from its record's prediction, policy, words and clock.

    With a ``predictor`` of the record's version the model is asked again, too, unless words
    were taken out.

    Raises:
        StoreError: when the record was altered, or the predictor is another version.
    """
    row = stored.row
    if inputs_hash(row) != row["inputs_hash"]:
        raise StoreError(
            f"decision {row['id']}: expected inputs with the hash that was stored with them; "
            "found others. The record was altered after it was written"
        )
    again = recommend_again(row, stored.policy, stored.thresholds)
    differs = _differing(row["recommendation"], as_json(again))
    notes = [*_notes(stored.policy, row)]
    if predictor is not None:
        same, note = _asked_again(row, predictor)
        differs += () if same else ("prediction",)
        notes.append(note)
    return Replay(stored, again, differs, tuple(notes))


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    names = dict.fromkeys((*before, *after))
    missing = object()
    return tuple(n for n in names if before.get(n, missing) != after.get(n, missing))


def _notes(policy: Policy, row: Mapping[str, Any]) -> list[str]:
    notes = []
    if row["taken_out"]:
        fields = ", ".join(row["taken_out"])
        notes.append(f"stored redacted: {fields}; the rules read the words that are left")
    if needs_its_hits(row):
        notes.append("safety hits are the record's; the rules of now can only add to them")
    if not row["replays"]:
        notes.append("what redaction took out mattered here: that was seen when it was written")
    versions = (
        ("safety rules", row["rules_version"], rules_version()),
        ("code", row["code_version"], code_version()),
        ("policy", row["policy_version"], policy.version),
    )
    notes += [
        f"{what}: the record's are {then}, this Tierline's are {now}"
        for what, then, now in versions
        if then != now
    ]
    return notes


def _asked_again(row: Mapping[str, Any], predictor: Predictor) -> tuple[bool, str]:
    """Return whether the model says the same again, and a line about it."""
    if predictor.version != row["model_version"]:
        raise StoreError(
            f"--model: expected {row['model_version'] or 'none: rules answered alone'}; found "
            f"{predictor.version}. To see what another model would change: tierline diff --model"
        )
    if {"subject", "body"} & set(row["taken_out"]):
        return True, "the model wasn't asked again: it read words that weren't stored"
    if predicted(predictor.predict([ticket_of(row)])[0]) == row["prediction"]:
        return True, "the model was asked again and says the same"
    return False, "the model was asked again and says something else"
