"""A labels file: what it makes of old rows, and what it refuses."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data import InputError, Ticket
from tierline.data.corpus import load_corpus
from tierline.data.label_book import LabelBook, read_label_book
from tierline.data.quarantine import Quarantine
from tierline.data.rows import Row

BOOK = """
[issue_type.network]
renamed_from = ["connectivity", "net"]

[issue_type.vpn]
merged_into = "network"

[issue_type."old vpn"]
renamed_from = ["tunnel"]
merged_into = "vpn"

[issue_type.fax]
retired = true

[issue_type.telex]
renamed_from = ["telegraph"]
retired = true

[severity.P4]
merged_into = "P3"
"""
BECOMES: dict[str, dict[str, str | None]] = {
    "issue_type": {
        "connectivity": "network",
        "net": "network",
        "vpn": "network",
        "old vpn": "network",
        "tunnel": "network",
        "fax": None,
        "telex": None,
        "telegraph": None,
    },
    "severity": {"P4": "P3"},
}


def book(tmp_path: Path, text: str) -> LabelBook:
    (tmp_path / "labels.toml").write_text(text, encoding="utf-8")
    return read_label_book(tmp_path / "labels.toml")


def row(number: int, **labels: str) -> Row:
    return Row(number, Ticket(body="x"), labels)


def test_every_name_that_is_gone_leads_to_a_label_in_use_or_to_none(tmp_path: Path) -> None:
    found = book(tmp_path, BOOK)
    assert found.becomes == BECOMES
    assert found.gone("issue_type") == BECOMES["issue_type"].keys()
    assert found.gone("sentiment") == frozenset()


def test_rows_are_rewritten_counted_and_told(tmp_path: Path) -> None:
    rows = [
        row(1, issue_type="net", severity="P4"),
        row(2, issue_type="vpn", severity="P1"),
        row(3, issue_type="fax", severity="P2"),
        row(4, issue_type="telegraph"),
        row(5, issue_type="access"),
        row(6, issue_type="net"),
    ]
    kept, counts = book(tmp_path, BOOK).rewrite(rows)
    assert [(r.number, dict(r.labels)) for r in kept] == [
        (1, {"issue_type": "network", "severity": "P3"}),
        (2, {"issue_type": "network", "severity": "P1"}),
        (3, {"severity": "P2"}),
        (5, {"issue_type": "access"}),
        (6, {"issue_type": "network"}),
    ]
    assert counts.lines() == [
        "labels: issue_type net read as network in 2 rows",
        "labels: issue_type vpn read as network in 1 rows",
        "labels: severity P4 read as P3 in 1 rows",
        "labels: issue_type fax is retired: 1 rows lost it",
        "labels: issue_type telegraph is retired: 1 rows lost it",
        "labels: 1 rows had no other label and are left out",
    ]


def test_rows_of_retired_labels_alone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="all 2 rows carry only retired ones"):
        book(tmp_path, BOOK).rewrite([row(1, issue_type="fax"), row(2, issue_type="telex")])


names = st.sampled_from([*BECOMES["issue_type"], "network", "access", "own"])


@settings(deadline=None, derandomize=True)
@given(st.lists(names, min_size=1, max_size=20))
def test_no_row_keeps_a_name_that_is_gone_and_rewriting_twice_is_rewriting_once(
    labels: list[str],
) -> None:
    found = LabelBook(BECOMES)
    rows = [row(0, issue_type="access"), *(row(i, issue_type=n) for i, n in enumerate(labels, 1))]
    kept, counts = found.rewrite(rows)
    assert not {r.labels["issue_type"] for r in kept} & found.gone("issue_type")
    assert len(kept) + counts.left_out == len(rows)
    again, nothing = found.rewrite(kept)
    assert again == kept
    assert nothing.lines() == []


def test_a_book_without_entries_changes_nothing(tmp_path: Path) -> None:
    rows = [row(1, issue_type="net"), row(2)]
    for empty in (LabelBook(), book(tmp_path, ""), read_label_book(None)):
        kept, counts = empty.rewrite(rows)
        assert (kept, counts.lines()) == (rows, [])
        assert empty.digest == LabelBook().digest


def test_the_digest_follows_the_content_and_not_the_layout(tmp_path: Path) -> None:
    one = book(tmp_path, BOOK)
    other = (
        "# same\n" + "\n".join(f"[{part}" for part in reversed(BOOK.strip().split("\n["))) + "\n"
    )
    again = book(tmp_path, other.replace("[[", "["))
    assert one.becomes == again.becomes
    assert one.digest == again.digest == one.as_json()["digest"]
    assert book(tmp_path, BOOK.replace('"net"', '"lan"')).digest != one.digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[mood.sad]\n", r"mood: unknown key; expected severity, issue_type, sentiment"),
        ("[issue_type.vpn]\nmerged = 'x'", r"issue_type\.vpn\.merged: unknown key; expected ret"),
        ("[issue_type.vpn]\nretired = 'yes'", r"issue_type\.vpn\.retired: Input should be a valid"),
        ("[issue_type.vpn]\nrenamed_from = 'a'", r"issue_type\.vpn\.renamed_from: Input should"),
        ("[issue_type.vpn]\nrenamed_from = ['']", r"issue_type\.vpn\.renamed_from\.0: String sh"),
        ("[issue_type.a]\nmerged_into = 'b'", r"a\.merged_into: unknown label b; .*\[.*\.b\]"),
        (
            "[issue_type.a]\nmerged_into = 'b'\n[issue_type.b]\nretired = true",
            r"issue_type\.a\.merged_into: b is retired",
        ),
        (
            "[issue_type.a]\nmerged_into = 'b'\n[issue_type.b]\nmerged_into = 'a'",
            r"a\.merged_into: goes round in a circle: a → b → a",
        ),
        ("[issue_type.a]\nmerged_into = 'a'", r"goes round in a circle: a → a"),
        (
            "[issue_type.a]\nmerged_into = 'b'\n[issue_type.b]\nmerged_into='c'\n"
            "[issue_type.c]\nmerged_into='b'",
            r"issue_type\.a\.merged_into: goes round in a circle: a → b → c → b",
        ),
        (
            "[issue_type.a]\nrenamed_from = ['b']\n[issue_type.b]",
            r"issue_type\.a\.renamed_from: b is a label of this file too",
        ),
        ("[issue_type.a]\nrenamed_from = ['a']", r"a is a label of this file too"),
        (
            "[issue_type.a]\nrenamed_from = ['x']\n[issue_type.b]\nrenamed_from = ['x']",
            r"issue_type\.b\.renamed_from: x was renamed to a already",
        ),
        (
            "[issue_type.a]\nmerged_into='billing'\n[issue_type.money]\nrenamed_from=['billing']",
            r"issue_type\.a\.merged_into: billing was renamed: say money",
        ),
        ("[issue_type.data_loss]\nretired = true", r"data_loss: can't be retired or merged"),
        ("[issue_type.security_breach]\nmerged_into = 'bug'", r"security_breach: can't be retired"),
        ("[issue_type.loss]\nrenamed_from = ['data_loss']", r"renamed_from: data_loss can't be"),
        ("[severity.P1]\nmerged_into = 'P2'", r"severity\.P1: can't be retired or merged"),
        ("[issue_type.a\n", r"expected TOML in UTF-8"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        book(tmp_path, text)
    assert str(caught.value).startswith(f"--labels: {tmp_path / 'labels.toml'}:")


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    text = "[mood.x]\n[issue_type.a]\nmerged_into = 'b'\n[severity.P1]\nretired = true\n"
    with pytest.raises(InputError) as caught:
        book(tmp_path, text)
    assert len(str(caught.value).splitlines()) == 4


def test_severities_may_be_renamed_and_a_label_may_move_on_twice(tmp_path: Path) -> None:
    found = book(tmp_path, "[severity.Blocker]\nrenamed_from = ['P1']\n")
    assert found.becomes == {"severity": {"P1": "Blocker"}}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--labels: .*none\.toml: can't be read"):
        read_label_book(tmp_path / "none.toml")


def test_a_corpus_is_read_by_its_book(tmp_path: Path) -> None:
    lines = [f"ticket number {i},{('net', 'fax', 'access')[i % 3]},P{i % 3 + 1}" for i in range(60)]
    path = tmp_path / "in.csv"
    path.write_text("\n".join(["body,issue_type,severity", *lines]))
    with Quarantine(tmp_path / "q.jsonl") as quarantine:
        corpus = load_corpus([path], {}, quarantine, 1, LabelBook(BECOMES))
    assert quarantine.count == 0
    found = {r.labels.get("issue_type") for part in corpus.parts.values() for r in part}
    assert found == {"network", "access", None}
    assert corpus.relabelling.lost == {("issue_type", "fax"): 20}
    assert corpus.book.digest == LabelBook(BECOMES).digest
