"""A share of the tickets loses capitals, punctuation and digits, and nothing else."""

from tierline.data import Ticket
from tierline.data.rows import Row
from tierline.training.augment import strip_some

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
