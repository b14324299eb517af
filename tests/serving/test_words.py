"""The table of words that suspects incidents where no model speaks."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.serving.fakes import NOW, POLICY, prediction
from tests.serving.test_safety_suite import BUILT_IN, HELD_OUT, INCIDENTS

from tierline.data import Ticket
from tierline.data.errors import InputError
from tierline.data.rows import Row
from tierline.models.runtime.ngrams import NgramModel
from tierline.models.runtime.prediction import Prediction
from tierline.serving import safety
from tierline.serving.routing.recommend import recommend
from tierline.serving.routing.recommendation import Recommendation
from tierline.serving.routing.words import TABLE, share
from tierline.training.incident_words import fit_words

#: No rule knows this phrasing.
TOLD = "Three years of my field journal, and today the app greets me as if I had just joined."
SAID = {
    "data_loss": "pages went blank",
    "security_breach": "stranger sat inside",
    "bug": "it jams",
}
ORDINARY = "How do I change the colour of the chart in my weekly report?"


def answer(text: str, said: Prediction | None = None) -> Recommendation:
    return recommend(Ticket(body=text), said, POLICY, NOW)


def word_rules(given: Recommendation) -> list[str]:
    return [r.rule for r in given.reasons if r.rule.startswith("safety.words.")]


def test_without_a_model_the_words_raise_what_no_rule_finds() -> None:
    assert not safety.check(TOLD)
    given = answer(TOLD)
    assert given.tier == safety.SAFETY_TIER
    assert word_rules(given) == ["safety.words.data_loss"]
    reason = next(r for r in given.reasons if r.rule == "safety.words.data_loss")
    assert reason.evidence
    assert all(word in TOLD for word in reason.evidence)


@pytest.mark.parametrize(
    "plea", [" URGENT!!!" * 30, " please help asap, critical, escalate immediately"]
)
def test_begging_takes_no_weight_from_what_happened(plea: str) -> None:
    table = NgramModel.load(TABLE)
    told, begged = (table.contributions(text)[1].sum(axis=0) for text in (TOLD, TOLD + plea))
    assert begged == pytest.approx(told)
    assert share("the page hops" + plea) == share("the page hops") < share("the page hops about")
    assert word_rules(answer(TOLD + plea)) == ["safety.words.data_loss"]


@pytest.mark.parametrize(
    "text",
    ["phone", "who is he?", "archive mailbox", "he forgot his password", "status of my card?"],
)
def test_a_few_common_words_are_no_report(text: str) -> None:
    assert word_rules(answer(text)) == []


def test_ordinary_words_raise_nothing() -> None:
    assert answer(ORDINARY).tier < safety.SAFETY_TIER
    assert not word_rules(answer(ORDINARY))


def test_a_model_that_knows_the_incidents_speaks_instead() -> None:
    assert not word_rules(answer(TOLD, prediction(issue_type="how_to")))


def test_the_words_speak_beside_a_model_that_never_learnt_incidents() -> None:
    full = prediction(issue_type="how_to")
    kept = {n: p for n, p in full.heads["issue_type"].probabilities.items() if n not in INCIDENTS}
    heads = {**full.heads, "issue_type": replace(full.heads["issue_type"], probabilities=kept)}
    assert word_rules(answer(TOLD, replace(full, heads=heads))) == ["safety.words.data_loss"]


@pytest.mark.parametrize(
    ("file", "least_caught", "most_alarms"),
    [
        (BUILT_IN, 0.92, 0.17),
        (HELD_OUT / "held_out.jsonl", 0.90, 0.17),
        (HELD_OUT / "second_held_out.jsonl", 0.86, 0.13),
    ],
)
def test_answers_without_a_model_do_not_get_worse(
    file: Path, least_caught: float, most_alarms: float
) -> None:
    raised: dict[bool, list[bool]] = {True: [], False: []}
    for row in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
        ticket = Ticket(subject=row["subject"], body=row["body"])
        given = recommend(ticket, None, POLICY, NOW, what_if=False)
        alarmed = any(r.rule.startswith("safety.") for r in given.reasons)
        raised[row["issue_type"] in INCIDENTS].append(alarmed)
    assert sum(raised[True]) >= least_caught * len(raised[True])
    assert sum(raised[False]) <= most_alarms * len(raised[False])


def rows(words: dict[str, str]) -> list[Row]:
    return [
        Row(i, Ticket(body=f"{text} in office {i}"), {"issue_type": label})
        for i in range(12)
        for label, text in words.items()
    ]


def test_a_table_is_fitted_so_that_about_one_means_suspected() -> None:
    table = fit_words(rows(SAID), rows(SAID))
    totals = [table.contributions(text)[1].sum(axis=0) for text in SAID.values()]
    assert totals[0][0] > 0.9 > totals[0][1]
    assert totals[1][1] > 0.9 > totals[1][0]
    assert max(totals[2]) < 0.9


def test_words_of_haste_are_not_in_a_table() -> None:
    told = SAID | {"data_loss": "URGENT: pages went blank, please help"}
    table = fit_words(rows(told), rows(told))
    begging, saying = (
        table.contributions(text)[1] for text in ("urgent please help", "pages went blank")
    )
    assert not begging.any()
    assert saying.any()


def test_words_that_tell_nothing_apart_are_refused() -> None:
    same = {"data_loss": "it jams", "security_breach": "it jams", "bug": "it jams"}
    with pytest.raises(InputError, match="tell incidents from other tickets"):
        fit_words(rows(same), rows(same))
