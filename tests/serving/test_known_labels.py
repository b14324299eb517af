"""Serving refuses a model with labels that the policy doesn't know."""

import pytest

from tierline.data.errors import PolicyError
from tierline.models.runtime.manifest import Head
from tierline.serving.policy import Policy
from tierline.serving.routing.known_labels import refuse_unknown_labels, unused_labels
from tierline.serving.routing.router import Router

from .fakes import MANIFEST, POLICY, default_dict, policy_with, predictor


def head(name: str, *labels: str) -> Head:
    return Head(name=name, labels=labels, temperature=1.0)


def owning(*types: str) -> Policy:
    tiers = default_dict()["tiers"]
    tiers["2"]["owns"] += types
    return policy_with(tiers=tiers)


def refusal(policy: Policy, *heads: Head) -> str:
    with pytest.raises(PolicyError) as caught:
        refuse_unknown_labels(policy, heads, "mine-1")
    return str(caught.value)


def test_the_default_labels_are_known() -> None:
    refuse_unknown_labels(POLICY, MANIFEST.heads, "mine-1")
    assert unused_labels(POLICY, MANIFEST.heads) == []


def test_heads_that_the_model_lacks_are_no_matter() -> None:
    refuse_unknown_labels(POLICY, [head("severity", "P1", "P4")], "mine-1")
    refuse_unknown_labels(POLICY, [head("sentiment", "positive", "negative")], "mine-1")


def test_issue_types_need_an_owner() -> None:
    own = head("issue_type", "bug", "vpn", "fax")
    said = refusal(POLICY, own)
    for part in (POLICY.version, "mine-1", "no tier owns: vpn, fax;", "tiers.N.owns", "--labels"):
        assert part in said
    assert "no tier owns: fax;" in refusal(owning("vpn"), own)
    refuse_unknown_labels(owning("vpn", "fax"), [own], "mine-1")


def test_severities_need_a_level() -> None:
    own = head("severity", "P1", "Blocker", "Minor")
    said = refusal(POLICY, own)
    assert "without a level: Blocker, Minor; add them to severity_names" in said
    mapped = policy_with(severity_names={"Blocker": "P1", "Minor": "P4"})
    refuse_unknown_labels(mapped, [own], "mine-1")


def test_a_label_that_the_policy_retired_needs_nothing() -> None:
    policy = policy_with(retired_labels={"issue_type": ["fax"], "severity": ["Minor"]})
    heads = [head("issue_type", "bug", "fax"), head("severity", "P1", "Minor")]
    refuse_unknown_labels(policy, heads, "mine-1")


def test_a_head_without_any_label_left_is_refused() -> None:
    policy = policy_with(retired_labels={"sentiment": ["neutral", "positive"]})
    said = refusal(policy, head("sentiment", "neutral", "positive"))
    assert "sentiment: every label is retired" in said


def test_sentiments_of_ones_own_are_told_and_not_refused() -> None:
    own = head("sentiment", "angry", "calm", "neutral")
    refuse_unknown_labels(POLICY, [own], "mine-1")
    (line,) = unused_labels(POLICY, [own])
    assert "sentiment angry, calm" in line
    trigger = {"id": "trigger.angry", "text": "t", "when": {"sentiment": ["angry"]}}
    (line,) = unused_labels(policy_with(triggers=[trigger]), [own])
    assert "sentiment calm:" in line


def test_no_router_is_made_of_such_a_model() -> None:
    manifest = MANIFEST.model_copy(update={"heads": (head("issue_type", "bug", "vpn"),)})
    with pytest.raises(PolicyError, match="no tier owns: vpn"):
        Router(POLICY, predictor(manifest=manifest))
    Router(owning("vpn"), predictor(manifest=manifest))
