"""What another policy or model would change, among the decisions that were made."""

import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tierline.data.errors import InputError, PolicyError
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving.policy import Policy
from tierline.serving.store.decisions import Archive
from tierline.serving.store.difference import Difference, difference, write_changes
from tierline.serving.store.store import Store

from ..fakes import LOSS, MANIFEST, NOW, default_dict, policy_with, prediction, predictor
from .making import PERSONAL, record, ticket


def compared(
    store: Store, policy: Policy | None = None, model: Any = None, hours: float = 0
) -> Difference:
    seen: list[int] = []
    with store.database.reading() as connection:
        archive = Archive(connection, store.pseudonyms())
        start = NOW + timedelta(hours=hours)
        found = difference(archive, start, policy, model, seen.append)
    assert seen[-1:] == ([found.compared] if found.compared else [])
    return found


def policy_without(rule: str) -> Policy:
    kept = [trigger for trigger in default_dict()["triggers"] if trigger["id"] != rule]
    return policy_with(triggers=kept)


def test_a_policy_changes_what_its_rules_decide(store: Store) -> None:
    (raised, _) = record(store, ticket(order_value=5000), ticket(order_value=10))
    found = compared(store, policy_without("trigger.order_value"))
    assert (found.compared, found.unlike, len(found.changes)) == (2, 0, 1)
    (change,) = found.changes
    assert (change.decision, change.tier_before, change.tier_after) == (raised, 2, 1)
    assert (change.gained, change.dropped) == ((), ("trigger.order_value",))
    assert {"tier", "owner", "path", "reasons"} <= set(change.fields)
    assert found.moves == {(2, 1): 1}
    assert found.reasons == {("-", "trigger.order_value"): 1}


def test_the_policy_that_decided_changes_nothing(store: Store) -> None:
    record(store, ticket(LOSS, order_value=5000), ticket(f"x {PERSONAL}"))
    assert compared(store, policy_with()).changes == []
    assert compared(store, policy_with(name="renamed")).changes == []


def test_another_model_answers_the_stored_words(store: Store) -> None:
    record(store, ticket("calm"), ticket(f"worse {PERSONAL}"))
    read: list[str] = []

    def say(of: Ticket) -> Prediction:
        read.append(of.body)
        return prediction("P1" if "worse" in of.body else "P3")

    found = compared(store, model=predictor(say))
    assert "7654321" not in str(read)
    (change,) = found.changes
    assert (change.tier_before, change.tier_after, change.redacted) == (1, 3, True)
    assert change.gained == ("entry.p1",)


def test_only_decisions_since_are_compared(store: Store) -> None:
    for hour in (0, 1, 2):
        record(store, ticket(order_value=5000), now=NOW + timedelta(hours=hour))
    found = compared(store, policy_without("trigger.order_value"), hours=1)
    assert (found.compared, len(found.changes)) == (2, 2)


def test_a_policy_that_does_not_know_the_models_labels_is_refused(store: Store) -> None:
    heads = (MANIFEST.heads[1].model_copy(update={"labels": ("bug", "vpn")}),)
    model = predictor(manifest=MANIFEST.model_copy(update={"heads": heads}))
    with pytest.raises(PolicyError, match="no tier owns: vpn"):
        compared(store, policy_with(), model)


def test_the_list_is_json_or_csv(store: Store, tmp_path: Path) -> None:
    record(store, ticket(order_value=5000))
    changes = compared(store, policy_without("trigger.order_value")).changes
    write_changes(changes, tmp_path / "a.json")
    write_changes(changes, tmp_path / "a.csv")
    (row,) = json.loads((tmp_path / "a.json").read_text())
    with (tmp_path / "a.csv").open(newline="") as file:
        (flat,) = csv.DictReader(file)
    assert row["dropped"] == ["trigger.order_value"]
    assert (flat["decision"], flat["dropped"]) == (row["decision"], "trigger.order_value")
    with pytest.raises(InputError, match=r"\.json or \.csv; found a\.txt"):
        write_changes(changes, tmp_path / "a.txt")
