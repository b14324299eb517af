"""Which team takes a ticket, by what, and where it never goes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.data.labels import IssueType
from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving.policy import Exclusion, Policy
from tierline.serving.policy.teams import exclusion_problem
from tierline.serving.routing.recommend import recommend
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.router import Router
from tierline.serving.teams.exclusions import Exclusions, against

from ..fakes import BREACH, LOSS, NOW, POLICY, answer, default_dict, policy_with, prediction, rules
from ..test_recommend_properties import PROFILE, predictions, tickets


@pytest.mark.parametrize(
    ("said", "fields", "team", "rule"),
    [
        (prediction(), {}, "general-support", None),
        (prediction(issue_type="order"), {}, "order-desk", "team.lane"),
        (prediction(issue_type="order"), {"order_value": 2000}, "order-resolution", "team.lane"),
        (prediction(issue_type="integration"), {}, "integrations", "team.issue_type"),
        (prediction("P2", "billing"), {}, "billing-desk", "team.issue_type"),
        (prediction("P4", "billing"), {}, "general-support", None),
        (prediction(sentiment="negative"), {"channel": "Social "}, "general-support", None),
        (prediction(sentiment="negative"), {"channel": "SOCIAL"}, "social-media", "team.channel"),
        (prediction("P1"), {}, "senior-engineers", None),
        (prediction("P4", "feature_request"), {}, "product-management", "team.issue_type"),
        (None, {"body": BREACH}, "incident-response", "team.incident"),
        (prediction("P4", "feedback"), {"body": LOSS}, "incident-response", "team.incident"),
    ],
)
def test_the_default_policys_teams(
    said: Prediction | None, fields: dict[str, Any], team: str, rule: str | None
) -> None:
    found = answer(said, **fields)
    assert (found.team, found.owner) == (team, POLICY.tiers[found.tier].owner)
    assert [r for r in rules(found) if r.startswith("team.")] == ([rule] if rule else [])


SUSPECTED = prediction("P4", "feature_request", thresholds={"safety.data_loss": 0.0})


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        (SUSPECTED, {}),
        (prediction("P4", "feature_request"), {"body": LOSS}),
        (prediction("P4", "data_loss"), {"current_tier": 4}),
        (prediction(), {"body": BREACH, "current_tier": 4, "locked_by_human": True}),
    ],
)
def test_an_incident_goes_to_incident_response_at_whatever_tier(
    said: Prediction | None, fields: dict[str, Any]
) -> None:
    found = answer(said, **fields)
    assert (found.tier, found.owner) == (4, "engineering-and-product")
    assert (found.team, "team.incident" in rules(found)) == ("incident-response", True)


def test_a_team_for_incidents_of_a_higher_tier_takes_them_there_one_of_the_tier_first() -> None:
    high = {"tier": 4, "issue_types": ["data_loss"]}
    low = {"tier": 2, "issue_types": ["data_loss"], "products": ["Till"]}
    found = answer(prediction(), teams(high=high, low=low), body=LOSS, product="Till")
    assert (found.tier, found.team) == (4, "high")
    policy = teams(high=high | {"products": ["Till"]}, here=low | {"tier": 3, "products": []})
    assert answer(prediction(), policy, body=LOSS, product="Till").team == "here"
    never = Exclusions((Exclusion(to_team="here", product="Till"),))
    ticket = Ticket(body=LOSS, product="Till")
    assert recommend(ticket, prediction(), policy, NOW, never).team == "high"


def teams(**added: dict[str, Any]) -> Policy:
    """The default policy with only these teams beside the tiers' owners, all at tier 2."""
    return policy_with(teams={name: {"tier": 2} | team for name, team in added.items()})


RANKED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "lane": ({"lanes": ["express"]}, {}),
    "channel": ({"channels": ["chat"]}, {"channel": "chat"}),
    "product": ({"products": ["Till"]}, {"product": "TILL"}),
    "keyword": ({"keywords": ["Web hook"]}, {"body": "the web  HOOK fails"}),
    "customer_tier": ({"customer_tiers": ["smb"]}, {"customer_tier": "smb"}),
    "issue_type": ({"issue_types": ["order"]}, {}),
    "language": ({"languages": ["de"]}, {"language": "de_AT"}),
}


def test_the_more_specific_team_wins_in_the_documented_order() -> None:
    said = prediction("P2", "order")
    fields = {k: v for _, facts in RANKED.values() for k, v in facts.items()}
    for n, kind in enumerate(RANKED):
        left = dict(reversed([*RANKED.items()][n:]))
        policy = teams(**{name: selector for name, (selector, _) in left.items()})
        found = answer(said, policy, **fields)
        assert (found.team, rules(found)[-1]) == (kind, f"team.{kind}")
        assert found.team in found.reasons[-1].text


def test_a_team_needs_all_that_it_asks_for_and_what_is_unknown_is_not_it() -> None:
    policy = teams(berlin={"issue_types": ["bug"], "languages": ["de"], "products": ["Till"]})
    whole: dict[str, Any] = {"language": "de", "product": "Till"}
    said = prediction("P3", "bug")
    assert answer(said, policy, **whole).team == "berlin"
    for name in whole:
        assert answer(said, policy, **(whole | {name: None})).team == "technical-support"
        assert answer(said, policy, **(whole | {name: "other"})).team == "technical-support"
    assert answer(prediction("P2", "outage"), policy, **whole).team == "technical-support"


def test_more_that_fits_is_more_specific_and_equals_keep_the_policys_order() -> None:
    one = {"products": ["Till"]}
    both = one | {"languages": ["de"]}
    facts: dict[str, Any] = {"product": "Till", "language": "de"}
    assert answer(prediction("P2"), teams(a=one, b=both, c=both), **facts).team == "b"
    assert answer(prediction("P2"), teams(c=both, a=one, b=both), **facts).team == "c"


def test_of_equals_the_team_that_has_the_ticket_keeps_it() -> None:
    policy = teams(a={"products": ["Till"]}, b={"products": ["Till"]})
    assert answer(prediction("P2"), policy, product="Till", team="b").team == "b"
    assert answer(prediction("P2"), policy, product="Till", team="technical-support").team == "a"
    assert answer(prediction("P2"), policy, product="Till", team="who?").team == "a"


def test_the_team_alone_tells_the_tier() -> None:
    found = answer(prediction("P4"), team="integrations")
    assert (found.tier, rules(found)[-1]) == (2, "advice.step_down")


def test_an_owner_needs_no_table() -> None:
    own = default_dict()
    own["tiers"]["2"]["owner"] = own["tiers"]["1"]["owner"] = "everyone"
    del own["teams"]["general-support"]
    policy = Policy.model_validate(own)
    assert policy.teams["everyone"].tier == 1
    assert [policy.serves("everyone", n) for n in (1, 2, 3)] == [True, True, False]
    assert answer(prediction("P2"), policy).team == "everyone"


NEVER: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "customer": ({"customer": "C-7"}, {"customer": "C-7"}),
    "product": ({"product": "till"}, {"product": " Till"}),
    "channel": ({"channel": "chat"}, {"channel": "Chat"}),
    "issue_type": ({"issue_type": "integration"}, {}),
}


@pytest.mark.parametrize("by", NEVER)
def test_an_excluded_team_is_passed_over_for_the_next(by: str) -> None:
    selector, facts = NEVER[by]
    said = prediction("P3", "integration")
    never = [Exclusion(to_team="integrations", **selector)]
    found = recommend(Ticket(body="x", **facts), said, POLICY, NOW, Exclusions(tuple(never)))
    assert (found.tier, found.team) == (2, "technical-support")
    assert "never routed to integrations" in found.reasons[-1].text
    in_file = policy_with(exclusions=[e.model_dump() for e in never])
    assert recommend(Ticket(body="x", **facts), said, in_file, NOW).team == "technical-support"
    if facts:
        other = Ticket.model_validate({"body": "x"} | dict.fromkeys(facts, "C-8"))
        assert recommend(other, said, in_file, NOW).team == "integrations"


def excluding(*names: str) -> Exclusions:
    return Exclusions(tuple(Exclusion(to_team=name, product="Till") for name in names))


def till(never: Exclusions, said: Prediction | None, **fields: Any) -> Recommendation:
    return recommend(Ticket(**{"body": "x", "product": "Till"} | fields), said, POLICY, NOW, never)


def test_where_all_of_a_tier_are_excluded_the_next_tier_takes_it() -> None:
    never = excluding("integrations", "technical-support")
    found = till(never, prediction("P3", "integration"))
    assert (found.tier, found.team, found.path) == (3, "senior-engineers", (3,))
    assert found.reasons[-1].rule == "team.excluded"
    assert "tier 3 takes it" in found.reasons[-1].text
    more = excluding("integrations", "technical-support", "senior-engineers")
    assert till(more, prediction("P3", "integration")).team == "engineering-and-product"


def test_the_evidence_of_an_exclusion_is_which_one_and_where_it_stands() -> None:
    calm = Exclusion(to_team="social-media", channel="chat")
    own = [
        calm,
        Exclusion(to_team="integrations", customer="C-77", product="Till", text="C-77 asked"),
    ]
    order = Exclusion(to_team="technical-support", from_team="Order-Desk")
    facts: dict[str, Any] = {"customer": "C-77", "product": "Till", "team": "order-desk"}
    found = recommend(
        Ticket(body="x", **facts),
        prediction("P3", "integration"),
        policy_with(exclusions=[e.model_dump() for e in own]),
        NOW,
        Exclusions((order,)),
    )
    (reason,) = (r for r in found.reasons if r.rule == "team.excluded")
    # No customer's id: answers are stored.
    assert reason.evidence == (
        "the policy's exclusions.1: customer, product Till to integrations",
        "a standing order: from_team Order-Desk to technical-support",
    )


def test_an_incident_goes_up_too_and_never_below_tier_3() -> None:
    never = excluding("incident-response", "senior-engineers")
    assert till(never, None, body=LOSS).team == "engineering-and-product"
    assert till(excluding("incident-response"), None, body=LOSS).team == "senior-engineers"


@pytest.mark.parametrize(
    ("team", "customer", "kept"),
    [
        ("order-desk", "C-77", True),
        ("Order-Desk ", " c-77", True),
        ("order-desk", "C-7", False),
        ("order", "C-77", False),
        (None, "C-77", False),
        ("order-desk", None, False),
    ],
)
def test_exclusions_ignore_case_and_blanks(
    team: str | None, customer: str | None, kept: bool
) -> None:
    rule = Exclusion(to_team="general-support", from_team="order-desk", customer="C-77")
    ticket = Ticket(body="x", team=team, customer=customer)
    assert (against("general-support", [rule], ticket, ()) is rule) == kept


def test_an_exclusion_that_keeps_nothing_away_gives_no_reason() -> None:
    found = till(excluding("technical-support", "billing-desk"), prediction("P3", "integration"))
    assert rules(found) == ["entry.owner", "team.issue_type"]


def test_a_router_takes_exclusions_with_every_call() -> None:
    router = Router(POLICY)
    ticket = Ticket(body="x", product="Till")
    assert router.route([ticket], NOW)[0].team == "general-support"
    made = router.decide([ticket], NOW, excluding("general-support"))[0]
    assert made.recommendation.team == "technical-support"
    assert made.exclusions == excluding("general-support")


def test_a_ticket_never_goes_from_one_team_to_another() -> None:
    never = Exclusions((Exclusion(to_team="integrations", from_team="social-media"),))
    said = prediction("P3", "integration")
    for team, then in (
        ("social-media", "technical-support"),
        ("technical-support", "integrations"),
    ):
        found = recommend(Ticket(body="x", team=team, channel="web"), said, POLICY, NOW, never)
        assert found.team == then


@pytest.mark.parametrize(
    ("team", "said"),
    [("nobody", "expected a team of the policy"), ("engineering-and-product", "nobody else may")],
)
def test_exclusions_that_can_not_hold_have_a_problem(team: str, said: str) -> None:
    problems = [
        exclusion_problem(rule, POLICY.teams, POLICY.last_owner)
        for name in (team, "order-desk")
        for rule in excluding(name).rules
    ]
    assert said in str(problems[0])
    assert problems[1:] == [None]


def locked(said: Prediction | None, never: Exclusions | None = None, **fields: Any) -> Any:
    return till(never or Exclusions(), said, locked_by_human=True, **fields)


def test_a_locked_ticket_stays_with_its_team() -> None:
    found = locked(prediction("P3", "integration"), current_tier=2, team="billing-desk")
    assert (found.tier, found.team, rules(found)[-1]) == (2, "billing-desk", "lock.team")
    assert "Tierline would say integrations" in found.reasons[-1].text
    same = locked(prediction("P3", "integration"), current_tier=2, team="integrations")
    assert (same.team, rules(same)) == ("integrations", ["entry.owner", "team.issue_type"])


def test_a_lock_holds_against_an_exclusion_and_says_so() -> None:
    found = locked(prediction(), excluding("general-support"), team="general-support")
    assert (found.tier, found.team) == (1, "general-support")
    assert "though an exclusion says never" in found.reasons[-1].text
    every = excluding("general-support", "order-desk")
    assert locked(prediction(), every, current_tier=1).tier == 1


def test_a_locked_team_of_another_tier_or_of_nowhere_is_not_named() -> None:
    for team in ("senior-engineers", "nobody"):
        assert locked(prediction("P1"), current_tier=2, team=team).team == "technical-support"


def test_safety_moves_a_locked_ticket_to_a_team_of_tier_3() -> None:
    found = locked(None, body=LOSS, current_tier=1, team="order-desk")
    assert (found.tier, found.team) == (3, "incident-response")


excluded = st.builds(
    lambda team, by: Exclusion(to_team=team, **by),
    st.sampled_from([name for name in POLICY.teams if name != POLICY.last_owner]),
    st.sampled_from(
        [{"channel": "social"}, {"channel": "email"}, {"product": "Till"}]
        + [{"issue_type": str(label)} for label in IssueType]
    ),
)
exclusions = st.lists(excluded, max_size=12).map(lambda found: Exclusions(tuple(found)))


@st.composite
def placed(draw: st.DrawFn) -> Ticket:
    more = {
        "product": draw(st.sampled_from([None, "Till"])),
        "team": draw(st.none() | st.sampled_from([*POLICY.teams, "nobody"])),
        "status": draw(st.sampled_from([None, "fixed", "solved"])),
        "assessment": draw(st.none() | st.fixed_dictionaries({"business_risk": st.integers(0, 3)})),
    }
    return Ticket(**draw(tickets()).model_dump() | more)


@PROFILE
@given(placed(), predictions, exclusions)
def test_every_ticket_has_a_team_of_its_tier(
    ticket: Ticket, said: Prediction | None, never: Exclusions
) -> None:
    found = recommend(ticket, said, POLICY, NOW, never)
    assert POLICY.serves(found.team, found.tier)
    assert recommend(ticket, said, POLICY, NOW, never) == found


@PROFILE
@given(placed(), predictions, exclusions)
def test_no_exclusion_is_broken_but_by_a_person(
    ticket: Ticket, said: Prediction | None, never: Exclusions
) -> None:
    if ticket.locked_by_human:
        ticket = ticket.model_copy(update={"locked_by_human": False})
    found = recommend(ticket, said, POLICY, NOW, never)
    incidents = {r.rule.rpartition(".")[2] for r in found.reasons if r.rule.startswith("safety.")}
    for rule in never.rules:
        if rule.to_team == found.team:
            assert rule.product is None or rule.product != ticket.product
            assert rule.channel is None or rule.channel != ticket.channel
            assert rule.issue_type not in incidents | {found.issue_type} or rule.issue_type is None


@PROFILE
@given(placed(), predictions, exclusions)
def test_nothing_leaves_an_incident_below_tier_3(
    ticket: Ticket, said: Prediction | None, never: Exclusions
) -> None:
    unsafe = ticket.model_copy(update={"body": f"{ticket.body}\n\n{BREACH}."})
    found = recommend(unsafe, said, POLICY, NOW, never)
    assert found.tier >= 3
    assert not any("tier 1" in r.text or "tier 2" in r.text
                   for r in found.reasons if r.rule == "advice.step_down")  # fmt: skip
    assert "advice.close" not in rules(found)


@PROFILE
@given(placed(), predictions, exclusions)
def test_a_lock_is_moved_for_safety_only(
    ticket: Ticket, said: Prediction | None, never: Exclusions
) -> None:
    if ticket.current_tier is None or any(
        r.rule.startswith("safety.") for r in recommend(ticket, said, POLICY, NOW).reasons
    ):
        return
    held = ticket.model_copy(update={"locked_by_human": True})
    found = recommend(held, said, POLICY, NOW, never)
    assert found.tier == ticket.current_tier
    if ticket.team is not None and POLICY.serves(ticket.team, ticket.current_tier):
        assert found.team == ticket.team
