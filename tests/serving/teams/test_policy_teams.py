"""Teams and exclusions in a policy file: what is read, refused, and shown."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tierline.data.errors import PolicyError
from tierline.serving.policy import Policy, load_policy
from tierline.serving.policy.prose import prose

from ..fakes import POLICY, default_dict
from ..test_recommend_properties import PROFILE


def load(folder: Path, toml: str) -> Policy:
    path = folder / "own.toml"
    path.write_text(toml, encoding="utf-8")
    return load_policy(path)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[teams.integrations]\ncapacity = -1", "teams.integrations.capacity: "),
        ('[teams.x]\ntier = 2\nmembers = [{ name = "A", capacity = -1 }]',
         "teams.x.members.0.capacity: "),
        ('[teams.x]\ntier = 2\nmembers = [{ name = "A" }, { name = "A" }]',
         "teams.x: members: names are unique; found twice: ['A']"),
        ("[teams.x]\ntier = 5", "teams.x.tier: "),
        ("[teams.x]", "teams.x.tier: Field required"),
        ("[teams.x]\ntier = 1\ncolour = 1", "teams.x.colour: unknown key"),
        ("[teams.order-desk]\nauthority = { refund_up_to = -1 }",
         "teams.order-desk.authority.refund_up_to: "),
        ('[teams.x]\ntier = 1\ncustomer_tiers = ["vip"]', "teams.x.customer_tiers.0: "),
        ('[teams.order-desk]\ncover = "nobody"',
         "teams.order-desk.cover: expected a team of the policy; found 'nobody'"),
        ('[teams.general-support]\ncover = "order-desk"\n[teams.order-desk]\n'
         'cover = "general-support"', "covers go round in a circle: "),
        ('[teams.order-desk]\ncover = "order-desk"',
         "teams.order-desk.cover: covers go round in a circle: order-desk → order-desk"),
        ('[teams]\nbilling-desk = false\n[teams.order-desk]\ncover = "billing-desk"',
         "teams.order-desk.cover: expected a team of the policy; found 'billing-desk'"),
        ('[[exclusions]]\nto_team = "nobody"\nproduct = "x"',
         "exclusions.0.to_team: expected a team of the policy; found 'nobody'"),
        ('[[exclusions]]\nto_team = "engineering-and-product"\nproduct = "x"',
         "exclusions.0.to_team: engineering-and-product owns the last tier"),
        ('[[exclusions]]\nto_team = "order-desk"',
         "exclusions.0: expected at least one of from_team, customer, product"),
        ('[assessment]\nasks = [{ tier = 3 }]', "assessment.asks.0: expected at least"),
        ('[assessment]\nasks = [{ tier = 3, total = 13 }]', "assessment.asks.0.total: "),
        ('[assessment]\nbusiness_risk = [{ level = 4, when = {} }]',
         "assessment.business_risk.0.level: "),
        ("[assessment]\nmood = []", "assessment.mood: unknown key"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused_with_its_path(tmp_path: Path, toml: str, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load(tmp_path, toml)
    assert said in str(caught.value)


@pytest.mark.parametrize("own", ["team.lane", "assessment.asks"])
def test_ids_of_the_code_are_reserved(tmp_path: Path, own: str) -> None:
    with pytest.raises(PolicyError, match="reserved"):
        load(tmp_path, f'[[triggers]]\nid = "{own}"\ntext = "x"\nwhen = {{}}')


def test_a_default_team_can_be_taken_out(tmp_path: Path) -> None:
    own = load(tmp_path, "[teams]\nbilling-desk = false\ngeneral-support = false")
    assert "billing-desk" not in own.teams
    assert own.teams["general-support"].authority.refund_up_to is None
    assert own.version != POLICY.version


@PROFILE
@given(st.dictionaries(st.sampled_from("abcd"), st.sampled_from("abcde"), max_size=4))
def test_covers_are_accepted_only_if_following_them_ends(covers: dict[str, str]) -> None:
    raw = default_dict()
    raw["teams"] = {name: {"tier": 1, "cover": covers.get(name)} for name in "abcde"}
    starts = set(covers)
    for _ in range(5):
        starts = {covers[name] for name in starts if name in covers}
    if starts & covers.keys():
        with pytest.raises(ValidationError, match="circle"):
            Policy.model_validate(raw)
    else:
        assert Policy.model_validate(raw).teams.keys() >= set("abcde")


def test_prose_says_who_takes_what_and_may_decide_what(tmp_path: Path) -> None:
    own = load(
        tmp_path,
        '[calendars.berlin]\ntime_zone = "Europe/Berlin"\nhours.monday = ["09:00-17:00"]\n'
        '[teams.berlin]\ntier = 2\nproducts = ["Till"]\nlanguages = ["de", "fr"]\ncapacity = 40\n'
        'calendar = "berlin"\ncover = "integrations"\nmembers = [{ name = "A" }]\n'
        '[[exclusions]]\nto_team = "berlin"\ncustomer = "C-7"\ntext = "they fell out"',
    )
    said = prose(own)
    for line in (
        "  general-support, tier 1, owns tier 1: what no other team takes",
        "      may refund up to 50 EUR, resend an invoice, reset an access",
        "  order-desk, tier 1: lanes express",
        "  incident-response, tier 3: issue types data_loss or security_breach",
        "  berlin, tier 2: products Till and languages de or fr",
        "      40 open tickets at most, works by calendar berlin, covered by integrations, "
        "1 agents",
        "  customer C-7 to berlin: they fell out",
        "  a total of 8 or more: tier 3 at least",
        "  customer impact 3 or more: tier 3 at least",
        "  close when its status is solved or resolved or done",
    ):
        assert f"{line}\n" in said
    assert "\nNever\n" not in prose(POLICY)
