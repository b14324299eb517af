"""Segments: every ticket is in exactly one of each division."""

from datetime import UTC, datetime

import pytest

from tierline.data.rows import Row
from tierline.data.ticket import CustomerTier, Ticket
from tierline.training.report.language import TOO_SHORT, language
from tierline.training.report.segments import (
    NOT_GIVEN,
    OTHERS,
    Segmentation,
    length_band,
    segmentations,
)

from .made_answers import answers


def row(i: int) -> Row:
    ticket = Ticket(
        id=str(i),
        body="The export stops at ninety percent every time. " * (i % 4 + 1) if i % 5 else "Hm",
        channel="email" if i % 2 else None,
        customer_tier=CustomerTier.SMB if i % 3 else None,
        created_at=datetime(2026, i % 3 + 1, 5, tzinfo=UTC) if i % 7 else None,
    )
    return Row(i, ticket, {"severity": "P1"}, {"industry": f"trade{i % 20}"})


@pytest.fixture(scope="module")
def divisions() -> dict[str, Segmentation]:
    truth = [i % 2 for i in range(80)]
    predicted = [t if i % 2 else 1 - t for i, t in enumerate(truth)]
    given = {"severity": answers("severity", ("P1", "P2"), truth, predicted)}
    return {d.name: d for d in segmentations([row(i) for i in range(80)], given)}


def test_every_division_is_there(divisions: dict[str, Segmentation]) -> None:
    names = ["channel", "customer tier", "length", "language", "industry", "month"]
    assert list(divisions) == names


def test_segments_add_up_to_all_tickets(divisions: dict[str, Segmentation]) -> None:
    for division in divisions.values():
        assert sum(s.count for s in division.segments) == 80
        assert sum(s.correct["severity"].count for s in division.segments) == 80
        assert sum(s.correct["severity"].hits for s in division.segments) == 40


def test_a_segment_clearly_worse_is_marked(divisions: dict[str, Segmentation]) -> None:
    worse = {s.value: s.worse for s in divisions["channel"].segments}
    assert worse == {"email": (), NOT_GIVEN: ("severity",)}


def test_small_groups_are_shown_together_and_months_in_order(
    divisions: dict[str, Segmentation],
) -> None:
    industries = divisions["industry"].segments
    assert len(industries) == 16
    assert (industries[-1].value, industries[-1].count) == (OTHERS, 20)
    months = [s.value for s in divisions["month"].segments]
    assert months == ["2026-01", "2026-02", "2026-03", NOT_GIVEN]
    lengths = [int(s.value.split()[0]) for s in divisions["length"].segments]
    assert lengths == sorted(lengths) == [0, 60]


def test_length_bands() -> None:
    shown = [length_band("x" * n) for n in (0, 59, 60, 999, 1000)]
    assert shown == [
        "0 to 59 characters",
        "0 to 59 characters",
        "60 to 199 characters",
        "200 to 999 characters",
        "1,000 characters or more",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I have been charged twice for one order", "en"),
        ("Seit heute morgen geht die Anmeldung nicht mehr", "de"),
        ("Je ne peux plus me connecter à mon compte", "fr"),
        ("Mi pedido no ha llegado todavía, ¿qué pasa?", "es"),
        ("请问我的订单为什么还没有收到", "zh"),
        ("still broken", TOO_SHORT),
        ("12345 67890 #!? 12345 67890 12345 67890", TOO_SHORT),
    ],
)
def test_languages_are_told_where_there_are_words_enough(text: str, expected: str) -> None:
    assert language(text) == expected
