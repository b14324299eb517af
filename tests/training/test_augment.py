"""A share of the tickets loses capitals, punctuation and digits, another one pleads."""

from tierline.data import Ticket
from tierline.data.rows import Row
from tierline.training.augment import plead_some, strip_some

ROWS = [
    Row(i, Ticket(id=str(i), subject="Re: #4711", body="It's DOWN, since 9:30!"))
    for i in range(400)
]


def test_all_or_nothing() -> None:
    assert strip_some(ROWS, 0.0, seed=1) == ROWS
    for before, after in zip(ROWS, strip_some(ROWS, 1.0, seed=1), strict=True):
        assert after.ticket.subject == "re"
        assert after.ticket.body == "it s down since"
        assert (after.number, after.labels, after.ticket.id) == (
            before.number,
            before.labels,
            before.ticket.id,
        )


def test_the_share_is_kept_and_follows_the_seed() -> None:
    first, again, other = (strip_some(ROWS, 0.25, seed) for seed in (1, 1, 2))
    assert first == again != other
    changed = sum(a != b for a, b in zip(ROWS, first, strict=True))
    assert 70 <= changed <= 130


def test_a_ticket_is_never_emptied() -> None:
    bare = [Row(1, Ticket(body="404 :-("))]
    assert strip_some(bare, 1.0, seed=1) == bare


GRADED = [
    Row(i, Ticket(id=str(i), subject="Re: menu", body="moved"), labels={"severity": "P4"})
    for i in range(400)
]


def test_pleas_stand_around_the_ticket_and_change_no_label() -> None:
    changed = plead_some(GRADED, 1.0, seed=1)
    for before, after in zip(GRADED, changed, strict=True):
        assert before.ticket.subject in after.ticket.subject
        assert before.ticket.body in after.ticket.body
        assert before.ticket != after.ticket
        assert (after.number, after.labels, after.ticket.id) == (
            before.number,
            before.labels,
            before.ticket.id,
        )
    words = " ".join(row.ticket.body + row.ticket.subject for row in changed)
    assert all(plea in words for plea in ("urgent", "ASAP", "!!!", "P1", "manager"))


def test_only_what_has_a_severity_pleads_and_by_the_seed() -> None:
    assert plead_some(ROWS, 1.0, seed=1) == ROWS
    assert plead_some(GRADED, 0.0, seed=1) == GRADED
    first, again, other = (plead_some(GRADED, 0.25, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert 70 <= sum(a != b for a, b in zip(GRADED, first, strict=True)) <= 130
