"""What holds for every ticket, every prediction, every policy and every clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tierline.data.labels import LABELS, IssueType, Sentiment, Severity
from tierline.data.ticket import DIMENSIONS, CustomerTier, HandAssessment, Ticket
from tierline.models.runtime.prediction import HeadPrediction, Prediction
from tierline.serving.policy import Policy
from tierline.serving.routing.recommend import recommend
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Router

from .fakes import BREACH, LOSS, MODEL, NOW, POLICY, default_dict, policy_with, predictor

PROFILE = settings(max_examples=60, derandomize=True, deadline=None)
INCIDENTS = (LOSS, BREACH, LOSS.upper(), "We lost all our data", "hackers got into our account")
WORDS = st.sampled_from(
    ["", "Hello", "Where is my order?", "needed today", "The page is slow.", LOSS, BREACH, "Danke!"]
) | st.text(max_size=80)

LEVELS = st.none() | st.integers(0, 3)


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    long_ago = st.datetimes(datetime(2024, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC))
    lately = st.timedeltas(timedelta(0), timedelta(hours=3)).map(lambda step: NOW - step)
    return Ticket(
        id=draw(st.none() | st.text("abc-123", max_size=8)),
        subject=draw(WORDS),
        body=draw(WORDS),
        channel=draw(st.sampled_from([None, "email", "social", "chat"])),
        customer_tier=draw(st.none() | st.sampled_from(CustomerTier)),
        created_at=draw(st.none() | lately | long_ago),
        waited_minutes=draw(st.none() | st.floats(0, 10_000)),
        attempts=draw(st.none() | st.integers(0, 9)),
        order_value=draw(st.none() | st.floats(0, 3000)),
        current_tier=draw(st.none() | st.integers(1, 4)),
        locked_by_human=draw(st.booleans()),
        team=draw(st.sampled_from([None, "frontline", "senior-engineers", "nobody"])),
        language=draw(st.sampled_from([None, "de", "pt-BR"])),
        status=draw(st.sampled_from([None, "open", "solved"])),
        sites_affected=draw(st.none() | st.integers(0, 5)),
        stated_severity=draw(st.none() | st.sampled_from(Severity)),
        assessment=draw(st.none() | st.builds(HandAssessment, **dict.fromkeys(DIMENSIONS, LEVELS))),
    )


@st.composite
def heads(draw: st.DrawFn, labels: tuple[str, ...]) -> HeadPrediction:
    weights = draw(st.lists(st.integers(0, 100), min_size=len(labels), max_size=len(labels)))
    total = sum(weights) or 1
    probabilities = {n: w / total for n, w in zip(labels, weights, strict=True)}
    best = max(probabilities, key=lambda n: probabilities[n])
    return HeadPrediction(best, probabilities[best], probabilities)


@st.composite
def answered(draw: st.DrawFn) -> Prediction:
    own = {name: draw(heads(labels)) for name, labels in LABELS.items() if draw(st.integers(0, 9))}
    triggers = ["safety.data_loss", "safety.security_breach", "caution.p1"]
    names = [*triggers, "ambiguous", "low_confidence.severity"]
    limits = draw(st.dictionaries(st.sampled_from(names), st.floats(0, 1)))
    return Prediction(own, draw(st.booleans()), MODEL, limits)


predictions = st.none() | answered()


def some(values: Any) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(list(values)), max_size=4, unique=True)


conditions = st.fixed_dictionaries(
    {},
    optional={
        "severity": some(Severity),
        "issue_type": some(IssueType),
        "sentiment": some(Sentiment),
        "channel": some(["social", "email"]),
        "customer_tier": some(CustomerTier),
        "waited_over": st.sampled_from(["0m", "15m", "2h", "9d"]),
        "attempts_over": st.integers(0, 5),
        "order_value_over": st.floats(0, 2000),
        "phrases": st.just(["needed today"]),
    },
)
delays = st.fixed_dictionaries({"waited_over": st.sampled_from(["0m", "15m", "2h", "9d"])})
whens = st.lists(conditions | delays, max_size=2)
tiers = st.integers(1, 4)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy that validates: other owners, entries, triggers, deadlines and fallbacks."""
    changed: dict[str, Any] = default_dict()
    homes = {t: draw(st.integers(0, 4)) for t in IssueType}
    for n in range(1, 5):
        changed["tiers"][str(n)]["owns"] = [t for t, home in homes.items() if home == n]
    paths = st.lists(tiers, max_size=4, unique=True).map(sorted)
    changed["entry"] = [
        {
            "id": f"entry.e{i}",
            "text": "x",
            "when": draw(whens),
            "path": p,
        }
        for i, p in enumerate(draw(st.lists(paths, max_size=3)))
    ] + [{"id": "entry.rest", "text": "x", "path": draw(paths)}]
    changed["triggers"] = [
        {
            "id": f"trigger.t{i}",
            "text": "x",
            "when": draw(whens),
            "raise_to": draw(st.none() | tiers),
            "raise_by": draw(st.integers(0, 3)),
            "notify": draw(some(["manager", "on_call"])),
        }
        for i in range(draw(st.integers(0, 3)))
    ]
    changed["fallback"] = {"tier": draw(tiers), "severity": draw(st.sampled_from(Severity))}
    changed["safety"] = {"respond_as": draw(st.sampled_from(["P1", "P2"]))}
    return Policy.model_validate(changed)


steps = st.timedeltas(timedelta(0), timedelta(hours=3)) | st.timedeltas(
    timedelta(days=-400), timedelta(days=400)
)
clocks = steps.map(lambda step: NOW + step)


def with_words(ticket: Ticket, words: str, place: str) -> Ticket:
    """The ticket with one more sentence, in a paragraph of its own."""
    if place == "subject":
        return ticket.model_copy(update={"subject": f"{words}. {ticket.subject}"})
    return ticket.model_copy(update={"body": f"{ticket.body}.\n\n{words}."})


@PROFILE
@given(tickets(), st.sampled_from(INCIDENTS), st.sampled_from(["subject", "body"]),
       predictions, policies(), clocks)  # fmt: skip
def test_words_of_an_incident_never_lower_and_always_reach_tier_3(
    ticket: Ticket, words: str, place: str, said: Prediction | None, policy: Policy, now: datetime
) -> None:
    before = recommend(ticket, said, policy, now)
    after = recommend(with_words(ticket, words, place), said, policy, now)
    assert after.tier >= 3
    # A ticket without words has no labels: its first words let the model speak, for lower too.
    assert after.tier >= before.tier or before.review_reason == "empty"
    assert "on_call" in after.notify
    assert any(r.rule in {"safety.data_loss", "safety.security_breach"} for r in after.reasons)


@PROFILE
@given(tickets(), st.sampled_from(INCIDENTS), predictions)
def test_words_of_an_incident_never_lower_under_the_default_policy(
    ticket: Ticket, words: str, said: Prediction | None
) -> None:
    before = recommend(ticket, said, POLICY, NOW)
    assert recommend(with_words(ticket, words, "body"), said, POLICY, NOW).tier >= before.tier


FIELDS = sorted(Ticket.model_fields.keys() - {"subject", "body"})


@PROFILE
@given(tickets(), predictions, st.lists(st.sampled_from(FIELDS), unique=True))
def test_no_missing_field_and_no_missing_model_lowers_the_safety_floor(
    ticket: Ticket, said: Prediction | None, absent: list[str]
) -> None:
    known = {k: v for k, v in ticket.model_dump().items() if k not in absent}
    bare = with_words(Ticket(**known), BREACH, "body")
    for answer in (said, None):
        assert recommend(bare, answer, POLICY, NOW).tier >= 3


@PROFILE
@given(tickets(), predictions, policies(), clocks)
def test_every_answer_is_well_formed(
    ticket: Ticket, said: Prediction | None, policy: Policy, now: datetime
) -> None:
    found = recommend(ticket, said, policy, now)
    assert found.tier in {1, 2, 3, 4}
    assert found.path[0] == found.tier
    assert list(found.path) == sorted(set(found.path))
    assert set(found.path) <= {1, 2, 3, 4}
    assert found.owner == policy.tiers[found.tier].owner
    assert found.reasons
    assert len(set(found.notify)) == len(found.notify)
    assert found.needs_review == (found.review_reason is not None)
    assert found.next_review_at is None or found.next_review_at > now
    assert found.id == ticket.id
    assert Recommendation.model_validate_json(found.model_dump_json()) == found


@PROFILE
@given(tickets(), predictions, policies(), clocks)
def test_the_same_question_has_the_same_answer(
    ticket: Ticket, said: Prediction | None, policy: Policy, now: datetime
) -> None:
    copy = Ticket.model_validate_json(ticket.model_dump_json())
    again = Policy.model_validate(policy.model_dump(mode="json"))
    assert recommend(ticket, said, policy, now) == recommend(copy, said, again, now)


@PROFILE
@given(tickets(), predictions, policies(), clocks)
def test_triggers_only_raise(
    ticket: Ticket, said: Prediction | None, policy: Policy, now: datetime
) -> None:
    without = policy.model_copy(update={"triggers": ()})
    assert recommend(ticket, said, policy, now).tier >= recommend(ticket, said, without, now).tier


@PROFILE
@given(tickets(), predictions, clocks)
def test_a_lock_moves_for_safety_only(
    ticket: Ticket, said: Prediction | None, now: datetime
) -> None:
    found = recommend(ticket, said, POLICY, now)
    unsafe = any(r.rule.startswith("safety.") for r in found.reasons)
    if ticket.current_tier is None:
        return
    if ticket.locked_by_human and not unsafe:
        assert found.tier == ticket.current_tier
    else:
        assert found.tier >= ticket.current_tier


@PROFILE
@given(st.lists(tickets(), max_size=8), st.booleans())
def test_a_batch_equals_its_tickets_one_by_one(batch: list[Ticket], model: bool) -> None:
    router = Router(POLICY, predictor(by_length) if model else None)
    singles = [router.route([ticket], NOW)[0] for ticket in batch]
    assert router.route(batch, NOW) == singles


def by_length(ticket: Ticket) -> Prediction:
    """Another answer for every ticket; every seventh breaks the model."""
    n = len(ticket.body)
    if n % 7 == 6:
        raise RuntimeError(n)
    picked = {name: labels[n % len(labels)] for name, labels in LABELS.items()}
    certain = {h: HeadPrediction(x, 1.0, dict.fromkeys(LABELS[h], 0.0)) for h, x in picked.items()}
    return Prediction(certain, False, MODEL)


@PROFILE
@given(st.sampled_from(["safety", "fallback", "tiers", "entry", "triggers"]),
       st.sampled_from(["off", "enabled", "data_loss", "disable_safety", "tier_max"]))  # fmt: skip
def test_no_key_switches_safety_off(table: str, key: str) -> None:
    value = default_dict()[table]
    for one in value if isinstance(value, list) else [value]:
        one[key] = False
    try:
        policy = policy_with(**{table: value})
    except ValidationError:
        return
    assert recommend(Ticket(body=LOSS), None, policy, NOW).tier >= 3
