"""Parts that share no ticket, come out the same each time, and look ahead in time."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data import Ticket
from tierline.data.rows import Row
from tierline.data.splitting import SPLITS, assign_splits, fingerprint

Linear = Callable[[Callable[[str], object], str], None]
START = datetime(2026, 1, 1, tzinfo=UTC)


def row(number: int, body: str, split: str | None = None, day: float | None = None) -> Row:
    time = None if day is None else START + timedelta(days=day)
    extra = {} if split is None else {"split": split}
    return Row(number, Ticket(id=str(number), body=body, created_at=time), {}, extra)


def ids(parts: dict[str, tuple[Row, ...]]) -> dict[str, list[int]]:
    return {name: [r.number for r in rows] for name, rows in parts.items()}


few_words = st.lists(st.sampled_from(["a", "b", "c", "lost order", "!!"]), max_size=3).map(" ".join)
some_rows = st.lists(st.tuples(few_words | st.text(max_size=9), st.integers(0, 9)), max_size=40)


@settings(deadline=None)
@given(some_rows, st.integers(), st.booleans())
def test_every_row_is_in_one_part_and_near_duplicates_stay_together(
    items: list[tuple[str, int]], seed: int, dated: bool
) -> None:
    rows = [row(i, body, day=day if dated else None) for i, (body, day) in enumerate(items)]
    parts = assign_splits(rows, seed)
    assert tuple(parts) == SPLITS
    assert sorted(chain.from_iterable(ids(parts).values())) == list(range(len(rows)))
    for name in SPLITS:
        assert ids(parts)[name] == sorted(ids(parts)[name])
    homes = [{fingerprint(r) for r in parts[name]} for name in SPLITS]
    assert len(set().union(*homes)) == sum(map(len, homes))
    assert assign_splits(rows, seed) == parts


@settings(deadline=None)
@given(some_rows, st.integers(), st.randoms(use_true_random=False))
def test_the_order_of_undated_rows_does_not_matter(
    items: list[tuple[str, int]], seed: int, random: Random
) -> None:
    rows = [row(i, body) for i, (body, _) in enumerate(items)]
    shuffled = sorted(rows, key=lambda _: random.random())
    parts, again = assign_splits(rows, seed), assign_splits(shuffled, seed)
    assert {n: set(v) for n, v in ids(parts).items()} == {n: set(v) for n, v in ids(again).items()}


@pytest.mark.parametrize("dated", [True, False])
def test_shares(dated: bool) -> None:
    rows = [row(i, f"ticket {i}", day=i if dated else None) for i in range(1_000)]
    sizes = {name: len(part) for name, part in assign_splits(rows, 1).items()}
    assert sizes == {"train": 700, "validation": 150, "test": 150}


def test_another_seed_gives_another_split_of_the_same_size() -> None:
    rows = [row(i, f"ticket {i}") for i in range(100)]
    one, other = assign_splits(rows, 1), assign_splits(rows, 2)
    assert one != other
    assert Counter({n: len(v) for n, v in one.items()}) == {n: len(v) for n, v in other.items()}


def test_a_seed_means_the_same_in_every_process() -> None:
    parts = ids(assign_splits([row(i, f"ticket {i}") for i in range(20)], 7))
    assert (parts["validation"], parts["test"]) == ([7, 10, 17], [5, 6, 19])


def test_the_newest_rows_are_the_test_part() -> None:
    rows = [row(i, f"ticket {i}", day=100 - i) for i in range(100)]
    parts = assign_splits(rows, 1)
    days = {
        n: [r.ticket.created_at for r in part if r.ticket.created_at] for n, part in parts.items()
    }
    assert max(days["train"]) < min(days["validation"])
    assert max(days["validation"]) < min(days["test"])
    assert assign_splits(rows, 2) == parts


def test_one_row_without_a_date_turns_to_the_hash() -> None:
    rows = [*(row(i, f"ticket {i}", day=i) for i in range(99)), row(99, "ticket 99")]
    assert assign_splits(rows, 1) != assign_splits(rows, 2)


def test_times_at_the_ends_of_the_calendar() -> None:
    times = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-01-01"
    rows = [
        Row(i, Ticket.model_validate({"body": f"ticket {i}", "created_at": time}))
        for i, time in enumerate(times * 7)
    ]
    assert sum(map(len, assign_splits(rows, 1).values())) == 21


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Where is my ORDER?", "where is my order"),
        ("<p>Where is <b>my</b> order</p>", "Where is my order"),
        ("x" * 60 + "1", "x" * 60 + "2"),
        ("a\u200bb_c", "abc"),
        ("ＡＢＣ", "abc"),
    ],
)
def test_near_duplicates_have_one_fingerprint(one: str, other: str) -> None:
    assert fingerprint(row(1, one)) == fingerprint(row(2, other)) != ""


def different(count: int) -> list[str]:
    random = Random(3)  # noqa: S311
    return [
        " ".join("".join(random.choices("abcdefgh", k=6)) for _ in range(15)) for _ in range(count)
    ]


OPENINGS = [
    "",
    "Hi,",
    "Hello,",
    "Dear Support Team,\n",
    "Good morning!",
    "Re: case {}:",
    "Re: Fwd: Hi Ann,",
    "RE: [desk #{}]",
    "AW: Ticket #{}\nHallo zusammen,",
]


@pytest.mark.parametrize("dated", [True, False])
def test_a_greeting_or_a_reply_mark_makes_no_other_ticket(dated: bool) -> None:
    rows = [
        row(k, f"{opening.format(k)} {body}", day=n if dated else None)
        for k, body in enumerate(different(200))
        for n, opening in enumerate(OPENINGS)
    ]
    parts = assign_splits(rows, 1)
    assert all(parts.values())
    homes = [{r.number for r in part} for part in parts.values()]
    assert sum(map(len, homes)) == 200


def test_tickets_that_a_form_begins_alike_are_divided_as_others() -> None:
    form = "Sent through the web form of the customer portal, category: something else.\n"
    bodies = different(660)
    rows = [row(i, (form if i < 600 else "") + body) for i, body in enumerate(bodies)]
    rows += [row(660 + i, (form + body).upper()) for i, body in enumerate(bodies[:20])]
    parts = assign_splits(rows, 1)
    assert {n: len(part) for n, part in parts.items()} == pytest.approx(
        {"train": 476, "validation": 102, "test": 102}, abs=2
    )
    homes = [{r.ticket.body.casefold() for r in part} for part in parts.values()]
    assert sum(map(len, homes)) == 660


def test_ten_texts_that_begin_alike_are_edits_of_one_ticket() -> None:
    long = "the same complaint about the same parcel, which many people copied from one post: "
    edits = [row(i, f"{long} {body}") for i, body in enumerate(different(10))]
    parts = assign_splits([*edits, *(row(i, f"ticket {i}") for i in range(10, 60))], 1)
    assert sum(any(r.number < 10 for r in part) for part in parts.values()) == 1


@pytest.mark.parametrize("text", ["Hi there,", "Re:", "Hello!", "RE: case 7:"])
def test_a_greeting_alone_is_a_ticket_of_its_own(text: str) -> None:
    rows = [row(0, text), row(1, text), *(row(i, f"ticket {i}") for i in range(2, 40))]
    parts = assign_splits(rows, 1)
    assert sum(any(r.number < 2 for r in part) for part in parts.values()) == 1


@pytest.mark.parametrize(
    "unit", ["re: ", "re:1\n", "hi,", "[", "[]", "dear a b c ", "re:" + "1" * 40]
)
def test_openings_take_linear_time(unit: str, assert_linear: Linear) -> None:
    assert_linear(lambda text: assign_splits([row(1, text)], 1), unit)


def of_customers(names: list[str | None], day: float | None = None) -> list[Row]:
    times = [None if day is None else START + timedelta(days=day * i) for i in range(len(names))]
    return [
        Row(i, Ticket(body=f"ticket {i}", customer=name, created_at=time))
        for i, (name, time) in enumerate(zip(names, times, strict=True))
    ]


def homes(rows: list[Row]) -> Counter[str | None]:
    """In how many parts each customer's tickets are."""
    parts = assign_splits(rows, 1)
    assert sorted(chain.from_iterable(ids(parts).values())) == list(range(len(rows)))
    return Counter(chain.from_iterable({r.ticket.customer for r in p} for p in parts.values()))


def test_an_undated_customer_s_tickets_are_in_one_part() -> None:
    rows = of_customers([f"c{i % 50}" for i in range(500)])
    assert set(homes(rows).values()) == {1}
    sizes = {name: len(part) for name, part in assign_splits(rows, 1).items()}
    assert sizes == {"train": 350, "validation": 80, "test": 70}


def test_copies_and_customers_stay_together_at_once() -> None:
    """Each customer shares a text with the next: ten of them hang together."""
    rows = [
        Row(n, Ticket(body=f"ticket {(n + 1) // 2}", customer=f"c{n // 2}"))
        for n in range(400)
        if n % 20
    ]
    parts = assign_splits(rows, 1)
    chains = Counter(chain.from_iterable({r.number // 20 for r in p} for p in parts.values()))
    assert len(chains) == 20
    assert set(chains.values()) == {1}


def test_the_tickets_of_one_large_customer_are_divided_and_the_others_are_not() -> None:
    found = homes(of_customers(["large" if i % 3 else f"c{i % 50}" for i in range(600)]))
    assert found.pop("large") == 3
    assert set(found.values()) == {1}


def test_rows_without_a_customer_are_divided_as_if_nobody_named_any() -> None:
    rows, plain = of_customers([None] * 100), [row(i, f"ticket {i}") for i in range(100)]
    assert ids(assign_splits(rows, 1)) == ids(assign_splits(plain, 1))


def test_dated_tickets_are_divided_by_time_whoever_wrote_them() -> None:
    rows = of_customers([f"c{i % 10}" for i in range(100)], day=1)
    assert ids(assign_splits(rows, 1))["test"] == list(range(85, 100))


@settings(deadline=None)
@given(
    st.lists(st.tuples(few_words, st.sampled_from(["a", "b", "c", None])), max_size=60),
    st.randoms(use_true_random=False),
)
def test_customers_too_are_divided_alike_in_any_order(
    items: list[tuple[str, str | None]], random: Random
) -> None:
    rows = [Row(i, Ticket(body=body, customer=name)) for i, (body, name) in enumerate(items)]
    shuffled = sorted(rows, key=lambda _: random.random())
    parts, again = assign_splits(rows, 1), assign_splits(shuffled, 1)
    assert {n: set(v) for n, v in ids(parts).items()} == {n: set(v) for n, v in ids(again).items()}
    starts = [{fingerprint(r) for r in part} for part in parts.values()]
    assert len(set().union(*starts)) == sum(map(len, starts))


def test_other_words_have_another_fingerprint() -> None:
    assert fingerprint(row(1, "order 1")) != fingerprint(row(1, "order 2"))


def test_the_split_column_is_kept() -> None:
    names = ["test", "train", " Validation ", "TEST", "other", None]
    rows = [row(i, "same text", split=name) for i, name in enumerate(names)]
    expected = {"train": [1, 4, 5], "validation": [2], "test": [0, 3]}
    assert ids(assign_splits(rows, 1)) == expected


def test_other_common_names_of_the_parts_are_known() -> None:
    names = ["Training", "valid", "val", "dev", "testing"]
    rows = [row(i, f"ticket {i}", split=name) for i, name in enumerate(names)]
    expected = {"train": [0], "validation": [1, 2, 3], "test": [4]}
    assert ids(assign_splits(rows, 1)) == expected


def test_a_split_column_without_a_known_part_is_not_one() -> None:
    rows = [row(i, f"ticket {i}", split="fold 1") for i in range(100)]
    assert all(assign_splits(rows, 1).values())


def test_no_rows() -> None:
    assert assign_splits([], 1) == {"train": (), "validation": (), "test": ()}
