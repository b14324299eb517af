"""A packet holds what the next team needs, or says what is missing; it never claims more."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tierline.data.errors import InputError, PolicyError
from tierline.data.labels import IssueType, Severity
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import HeadPrediction, Prediction
from tierline.serving.handoff.making import make_packet
from tierline.serving.handoff.packet import Done, Notes, Packet, Step
from tierline.serving.policy import TIERS, Policy, load_policy
from tierline.serving.policy.prose import prose
from tierline.serving.routing.recommend import recommend

from ..fakes import BREACH, CALM, LOSS, NOW, POLICY, default_dict, prediction

FULL = Notes(tried=("restarted it: no change",), reproduction="open, save", contact="by mail")


def packet(
    said: Prediction | None = None,
    notes: Notes = Notes(),  # noqa: B008
    policy: Policy = POLICY,
    **fields: Any,
) -> Packet:
    ticket = Ticket(**{"body": CALM} | fields)
    return make_packet(ticket, recommend(ticket, said, policy, NOW), policy, NOW, notes)


def lacks(found: Packet) -> list[str]:
    return [missing.what for missing in found.missing]


def test_it_tells_what_is_known() -> None:
    found = packet(
        prediction("P2", "bug", "very_negative"),
        FULL,
        id="T-1",
        customer="C-7",
        customer_tier="enterprise",
        created_at=NOW - timedelta(minutes=150),
        attempts=4,
        current_tier=2,
        team="social-media",
        channel="social",
        product="Till",
    )
    assert (found.from_tier, found.from_team, found.tier) == (2, "social-media", 3)
    assert (found.team, found.severity, found.issue_type) == ("senior-engineers", "P2", "bug")
    assert found.authority[0] == "grant credit up to 5000 EUR"
    state = found.customer
    assert (state.tier, state.sentiment, state.waited_minutes) == (
        "enterprise",
        "very_negative",
        150,
    )
    assert (state.contact, found.attempts, found.notify) == ("by mail", 4, ("manager",))
    why = {reason.rule: reason.evidence for reason in found.why}
    assert "attempts: 4" in why["trigger.very_negative_attempts"]
    assert found.try_next == POLICY.handoff.try_next["bug"]
    assert found.complete


def test_words_are_redacted_and_cut() -> None:
    private = "mail zoe.w@kestra.example, password: hunter2zz"
    notes = Notes(
        tried=(private,), reproduction=private, contact=private, open_questions=(private,),
        done=(Done(step=Step.NOTIFY, by="zoe.w@kestra.example"),),
    )  # fmt: skip
    found = packet(prediction(), notes, body=f"{private}\n" + "word " * 1_700)
    assert "kestra" not in found.model_dump_json()
    assert "hunter2zz" not in found.model_dump_json()
    assert "[email]" in found.reported
    assert len(found.reported) < 8_010
    assert found.reported.endswith("[…]")


@pytest.mark.parametrize(
    ("said", "fields", "missing"),
    [
        (prediction("P3", "how_to"), {}, []),
        (prediction("P3", "how_to"), {"body": " "}, ["reported"]),
        (prediction("P2", "integration"), {}, ["tried", "contact"]),
        (prediction("P2", "order"), {"current_tier": 3}, ["tried", "contact"]),
        (prediction("P2", "bug"), {"current_tier": 3}, ["tried", "reproduction", "contact"]),
        (prediction("P4", "feature_request"), {}, ["contact", "customer_tier"]),
        (prediction("P1", "bug"), {}, ["contact"]),
        (prediction("P4", "how_to"), {"body": LOSS}, ["contact"]),
        (prediction("P4", "how_to"), {"body": BREACH}, ["contact"]),
        (None, {"current_tier": 3}, ["tried", "reproduction", "contact", "severity", "issue_type"]),
    ],
)
def test_what_is_missing_follows_the_tier_and_the_matter(
    said: Prediction | None, fields: dict[str, Any], missing: list[str]
) -> None:
    found = packet(said, **fields)
    assert lacks(found) == missing
    assert found.complete == (not missing)
    assert len(found.open_questions) >= len(missing)


def test_a_false_claim_is_refused_with_what_is_missing() -> None:
    said = prediction("P2", "integration")
    with pytest.raises(InputError, match=r"complete: .*requires tried, contact too"):
        packet(said, Notes(complete=True))
    documented = Notes(contact="by mail", done=(Done(step=Step.DOCUMENT, by="Ana"),))
    with pytest.raises(InputError, match=r"done: document: .*requires tried too"):
        packet(said, documented)
    assert packet(said, documented.model_copy(update={"tried": ("reset",)})).complete
    assert packet(said, FULL.model_copy(update={"complete": True})).complete


def test_a_packet_cant_contradict_itself() -> None:
    found = packet(prediction("P2", "integration"))
    with pytest.raises(ValidationError, match="isn't complete"):
        Packet.model_validate(found.model_dump() | {"complete": True})


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.sampled_from(Severity),
    st.sampled_from(IssueType),
    st.sampled_from(TIERS),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_complete_means_that_nothing_required_is_missing(
    severity: Severity, kind: IssueType, tier: int, tried: bool, contact: bool, claim: bool
) -> None:
    notes = Notes(
        tried=("reset",) if tried else (), contact="mail" if contact else None, complete=claim
    )
    fields: dict[str, Any] = {"current_tier": tier, "locked_by_human": True}
    bare = packet(
        prediction(severity, kind), notes.model_copy(update={"complete": False}), **fields
    )
    assert bare.complete == (not bare.missing)
    if claim and bare.missing:
        with pytest.raises(InputError):
            packet(prediction(severity, kind), notes, **fields)
    else:
        assert packet(prediction(severity, kind), notes, **fields) == bare


def test_the_checklist_says_who_did_what_when() -> None:
    at = datetime(2025, 3, 10, 11, tzinfo=UTC)
    notes = FULL.model_copy(
        update={
            "done": (Done(step=Step.NOTIFY, by="Ana", at=at), Done(step=Step.DOCUMENT, by="Bo"))
        }
    )
    items = packet(prediction("P2", "integration"), notes).checklist
    assert [item.step for item in items] == list(Step)
    assert [(item.by, item.at) for item in items] == [
        ("Bo", NOW), ("Ana", at), (None, None), (None, None),
    ]  # fmt: skip


def test_steps_of_the_future_and_steps_twice_are_refused() -> None:
    future = Done(step=Step.NOTIFY, by="Ana", at=NOW + timedelta(hours=1))
    with pytest.raises(InputError, match="notify can't have been done in the future"):
        packet(prediction(), Notes(done=(future,)))
    with pytest.raises(ValidationError, match="each step once"):
        Notes(done=(future, future))
    for wrong in ({"step": "notify", "by": " "}, {"step": "dance", "by": "Ana"}):
        with pytest.raises(ValidationError):
            Done.model_validate(wrong)


def test_doubts_become_questions() -> None:
    rules_only = packet(None).open_questions
    assert rules_only == ("Rules answered without a model: is the tier right?",)
    sure = prediction("P3", "bug")
    shares = dict(sure.heads["issue_type"].probabilities) | {"bug": 0.40, "how_to": 0.39}
    heads = {**sure.heads, "issue_type": HeadPrediction("bug", 0.40, shares)}
    torn = Prediction(
        heads, False, sure.model_version, {"ambiguous": 0.1, "low_confidence.issue_type": 0.5}
    )
    questions = packet(torn, FULL).open_questions
    assert "The model is unsure: are its labels right?" in questions
    assert "Is the issue type bug or how_to?" in questions
    asked = packet(sure, FULL.model_copy(update={"open_questions": ("Who owns it?",)}))
    assert asked.open_questions == ("Who owns it?",)


def test_the_policy_says_what_is_required_and_tried() -> None:
    raw = default_dict()
    raw["handoff"]["required"]["1"] = ["tried"]
    raw["handoff"]["try_next"]["how_to"] = ["look it up"]
    found = packet(prediction(), policy=Policy.model_validate(raw))
    assert lacks(found) == ["tried"]
    assert found.try_next == ("look it up",)
    assert packet(None).try_next == POLICY.handoff.try_next["other"]
    own = prediction("P3", "how_to")
    assert packet(own).try_next == POLICY.handoff.try_next["how_to"]
    assert set(IssueType) <= POLICY.handoff.try_next.keys()


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[handoff.required]\n2 = ["shoes"]', r"handoff\.required\.2\.0: "),
        ('[handoff.required]\n5 = ["tried"]', r"handoff\.required\.5"),
        ("[handoff]\nurgently = []", r"handoff\.urgently: unknown key"),
        ('[messages]\ntime_zone = "Mars"', r"messages\.time_zone: expected an IANA time zone"),
        ('[messages.update_every]\nP1 = "0m"', r"messages\.update_every: .*at least a minute"),
        ('[messages.update_every]\nP9 = "1h"', r"messages\.update_every\.P9"),
    ],
)
def test_a_policy_that_asks_for_nonsense_is_refused(tmp_path: Any, toml: str, said: str) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(toml)
    with pytest.raises(PolicyError, match=said):
        load_policy(file)


def test_the_policys_prose_tells_both() -> None:
    text = prose(POLICY)
    assert "to tier 2: reported, tried, contact" in text
    assert "P2: news at least every 4h until it is resolved" in text
