"""Conditions hold however the policy and the ticket write the same thing."""

import unicodedata

import pytest

from tierline.data.ticket import Ticket
from tierline.serving.policy import Condition
from tierline.serving.routing.conditions import Case, evidence, searchable

from .fakes import NOW


def held(condition: Condition, text: str = "", channel: str | None = None) -> bool:
    case = Case(Ticket(channel=channel), text, searchable(text), None, None, None, NOW)
    return evidence(condition, case) is not None


@pytest.mark.parametrize(
    "phrase",
    [
        "café card",
        "CAFÉ Card",
        "café   card",
        unicodedata.normalize("NFD", "Café card"),
        "ｃafé card",
    ],
)
def test_phrases_are_found_however_they_are_written(phrase: str) -> None:
    condition = Condition(phrases=(phrase,))
    assert held(condition, "My Café\ncard is gone")
    assert not held(condition, "My cafés card is gone")


@pytest.mark.parametrize("channel", ["social", "Social", "SOCIAL"])
def test_channels_are_the_same_in_any_case(channel: str) -> None:
    assert held(Condition(channel=(channel,)), channel="social")
    assert held(Condition(channel=(channel,)), channel="Social")
    assert not held(Condition(channel=(channel,)), channel="email")
