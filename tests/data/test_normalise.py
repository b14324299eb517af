"""What is left of a text: words, each once, in linear time, whatever the author sent."""

import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tierline.data import Ticket
from tierline.data.normalise import full_text, model_texts, normalise, without_quotes

Linear = Callable[[Callable[[str], object], str], None]
PIECES = [
    *("<b>", "</b>", "<p>", "<br/>", "<script>", "</script>", "<head>", "</header>", "<!--", "-->"),
    *("<", ">", "&", ";", "b", "script", "amp;", "#38;", "\uff1c", "\uff06", "\ufe64"),
    *("&amp;", "&lt;", "&gt;", "&#13;", "&#768;", "&#xFF1C;", "&#x81;", "\u200b", "\u2066"),
    *("\u0301", "\u0316", "\u00a8", "\u0338", "\uff9e", "\u09c7", "\u09be", "\ufdfa"),
    *("\ud800", "\x81", "\x00", " ", "\t", "\r", "\n", "\u2028", "\u00a0"),
    *("\u0344" * 70, "\u00a8" * 70),
]
hostile_text = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=25).map("".join)


@settings(deadline=None, max_examples=300)
@given(hostile_text | st.text())
@example("&amp;amp;lt;b&amp;amp;gt;")
@example("<<<<<<<b>b>b>b>b>b>b>")
@example("&" + "amp;" * 40 + "lt;b&gt;")
@example("a&#13;b")
@example("e\u200b\u0301")
@example("\uff1cb\uff1e")
@example("a" + "\u0344" * 70)
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@settings(deadline=None, max_examples=300)
@given(hostile_text)
def test_the_result_is_clean(text: str) -> None:
    found = normalise(text)
    assert unicodedata.is_normalized("NFKC", found)
    assert found == found.strip()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2060-\u206f\ufeff]", found)
    assert not re.search("  |\n\n|\t|\r", found)
    found.encode()


@given(st.text(alphabet=st.characters(min_codepoint=0x61, max_codepoint=0x7A), min_size=1))
def test_plain_words_stay(word: str) -> None:
    assert normalise(f" {word}\t{word} ") == f"{word} {word}"


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(PIECES[:28]) | st.text(st.characters(codec="ascii"))).map("".join))
def test_ascii_is_read_alike_beside_other_letters(text: str) -> None:
    assert normalise(f"{text}xé") == normalise(f"{text}x") + "é"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>Hello&nbsp;<b>wor</b>ld</p><p>Bye</p>", "Hello world\nBye"),
        ("one<br>two<BR/>three<br />four", "one\ntwo\nthree\nfour"),
        ('<a href="https://x.example/?a=1">link</a>', "link"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("<style>p{color:red}</style>text<script>alert(1)</script> end", "text end"),
        ("<html><head><title>no</title></head><body>yes</body></html>", "yes"),
        ("<!DOCTYPE html><!-- note -->yes", "yes"),
        ("<o:p>office</o:p>", "office"),
        ("AT&amp;T &eacute; &#233; &#xe9;", "AT&T é é é"),
    ],
)
def test_html_becomes_text(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "x < b and so on > y",
        "mail <a@b.example> or <i.smith@b.example>",
        "List<String> is <null>",
        "https://x.example/?id=1&region=eu&copy=2&notify=1",
        "R&D at AT&T",
        "I <3 it",
    ],
)
def test_what_only_looks_like_markup_stays(text: str) -> None:
    assert normalise(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "<script> all words",
        "<style> all words </style",
        "<head> all <header> words </header>",
        "<style>x</style> all <style> words",
        "all <p> words <script",
    ],
)
def test_an_element_left_open_hides_nothing(text: str) -> None:
    assert normalise(text).split()[:2] == ["all", "words"]


def test_an_escaped_script_is_something_the_author_wrote() -> None:
    text = "XSS: &lt;script&gt;alert(document.cookie)&lt;/script&gt;"
    assert "alert(document.cookie)" in normalise(text)


def test_a_reference_of_many_digits_is_no_crash() -> None:
    assert "help" in normalise("&#" + "9" * 5_000 + "; help")
    assert "help" in normalise("&#x" + "f" * 5_000 + "; help")


@pytest.mark.parametrize(
    "invisible", "\u00ad\u200b\u200c\u200d\u200e\u202e\u2060\u2066\u2069\ufeff"
)
def test_invisible_characters_split_no_word(invisible: str) -> None:
    assert normalise(f"re{invisible}fund") == "refund"


@pytest.mark.parametrize("invisible", ["\ufe0f", "\U000e0041", "\u034f"])
def test_selectors_and_tags_split_no_word(invisible: str) -> None:
    assert normalise(f"re{invisible}fund") == "refund"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ﬁle", "file"),
        ("ＲＥＦＵＮＤ", "REFUND"),
        ("e\u0301", "é"),
        ("①", "1"),
        ("a\u3000b", "a b"),
        ("ｶﾞ", "ガ"),
    ],
)
def test_nfkc(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize("text", ["", " \r\n\t ", "\u200b", "\x00", "\ud800", "<p></p>", "&nbsp;"])
def test_nothing_said_is_empty(text: str) -> None:
    assert normalise(text) == ""


def test_control_characters_and_surrogates_become_blanks() -> None:
    assert normalise("a\x00b\x1bc\x85d\ud800e\udfff") == "a b c d e"


def test_wide_characters_that_were_read_as_bytes_are_words() -> None:
    assert normalise("we were hacked".encode("utf-16-le").decode("latin-1")) == "we were hacked"
    assert normalise("\x00".join("Our data is gone.")) == "Our data is gone."


def test_every_kind_of_line_break_is_one() -> None:
    assert normalise("a\r\nb\rc\u2028d\u2029e\n\nf") == "a\nb\nc\nd\ne\nf"


def test_a_break_that_a_word_may_have_divides_it_not() -> None:
    assert normalise("de<wbr>leted") == "deleted"


def test_characters_that_stand_for_many_make_no_text_longer_than_two_bodies() -> None:
    found = normalise("\ufdfa" * 199_000)
    assert len(found) <= 400_000
    assert normalise(found) == found


def test_line_ends_are_one_kind() -> None:
    assert normalise("a\r\nb\rc\n\n \n d") == "a\nb\nc\nd"


def test_a_few_accents_and_symbols_stay() -> None:
    text = "नमस्ते \U0001f600\U0001f600 ─────"
    assert normalise(text) == text


def test_every_run_of_accents_is_cut_short() -> None:
    decomposed = ((chr(c), unicodedata.normalize("NFKD", chr(c))) for c in range(0x110000))
    marks = [c for c, parts in decomposed if all(map(unicodedata.combining, parts))]
    assert len(marks) > 800
    for mark in marks:
        assert len(normalise("a" + mark * 500)) < 200, hex(ord(mark))


@pytest.mark.parametrize(
    "unit",
    [
        "\u0301\u0316",
        "\uff9e\u0301",
        "\u0f73\u0301",
        "\u0301\u0316" * 20 + "a",
        "<",
        "<a",
        "<b>",
        "<b",
        "<!--",
        "<script>",
        "<script><style><head>",
        "<style></style",
        "</script>",
        "&",
        "&#",
        "&aaaaaaaaaaaaaaaaaaaa",
        "amp;",
        "&amp;lt;",
        "\ufdfa",
        " \n",
        "\t\u00a0",
        "\u2028",
        "-- x",
        "on ",
        "am schrieb ",
        "\n>",
        "\nam a schrieb " + "a " * 40,
        "on 1 a\n",
        "From: a\n",
        "From: a\nSent: b\n",
        "* ",
        "regards\n",
        "fw: ",
        "a",
    ],
)
def test_time_grows_with_the_length_only(unit: str, assert_linear: Linear) -> None:
    def work(text: str) -> None:
        without_quotes(normalise("&" + text))
        without_quotes(text)

    assert_linear(work, unit)


def test_nested_layers_end() -> None:
    text = normalise("<" * 50_000 + "b>" * 50_000)
    assert "<" not in text


REPLY = "Still broken."


@pytest.mark.parametrize(
    "quoted",
    [
        "> first\n> second",
        "  > indented",
        "On Mon, 2 Mar 2026 at 10:00, Ann <ann@x.example> wrote:\n> hello",
        "Am 02.03.2026 um 10:00 schrieb Ann:\n> hallo",
        "Le 2 mars 2026 à 10:00, Ann a écrit :\n> salut",
        "El lun, 2 mar 2026 a las 10:00, Ann escribió:\n> hola",
        "Em seg., 2 de mar. de 2026 às 10:00, Ann escreveu:\n> olá",
        "-----Original Message-----\nFrom: Ann",
        "From: Ann <a@x.example>\nSent: Monday\nTo: Us\nCc: Bo\nSubject: Export\nIt fails",
        "*From:* Ann\n*Date:* Monday\n*To:* Help\n*Subject:* Export\nThe export fails",
        "Von: Ann\nGesendet: Montag\nAn: Hilfe\nBetreff: AW: Export\nDer Export",
        "De : Ann\nEnvoyé : lundi\nÀ : Aide\nObjet : Export",
        "De: Ann\nEnviado: lunes\nPara: Ayuda\nAsunto: Export",
        "De: Ann\nEnviada em: segunda\nPara: Ajuda\nAssunto: Export",
        "On Mon, 2 Mar 2026 at 10:00, Ann Example <ann@x.example>\nwrote:\nhello",
        "On Mon, 2 Mar 2026 at 10:00, Ann <\nann@x.example> wrote:\n> hello",
        "Am Mo., 2. März 2026 um 10:00 Uhr schrieb Ann Example <\nann@x.example>:\n> hallo",
        "Kind regards",
        "Best regards,\nJoe Example\nHead of Things\nExample Ltd\n+49 30 1234567",
        "Mit freundlichen Grüßen\nJo\n> quoted",
        "Cordialement,\nJo",
        "Saludos cordiales\nJo",
        "Cumprimentos\nJo",
        "-- \nAnn Example\nExample Ltd",
        "____\nAnn",
        "Sent from my iPhone",
        "Get Outlook for iOS",
        "Von meinem iPhone gesendet",
    ],
)
def test_quotes_and_signatures_are_dropped(quoted: str) -> None:
    assert without_quotes(normalise(f"{REPLY}\n\n{quoted}")) == REPLY


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote a mail.",
        "a -- b",
        "my list - one",
        "Nothing was sent from my side",
        "From: Berlin\nTo: Munich\nDate: 3 May\nI can't book it.",
        "Subject: refund\nFrom: the shop",
        "On Monday I called and\nnobody wrote: why?",
        "On Monday I called support.\nYour colleague wrote:\nit is fixed. It isn't.",
        "It ends with\nKind regards\nand then" + " nothing" * 9,
        "Hi\nKind regards\nJo\nPS: all our data is gone",
        "Hi\nKind regards\nJo\nWhere is my parcel?",
        "Hi\nregards\n" + "a\n" * 6 + "a",
        "Kind regards to the team. It fails.",
        "x > y",
    ],
)
def test_what_only_looks_like_a_quote_stays(text: str) -> None:
    assert without_quotes(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "> only a quote",
        "-- \nAnn",
        "Sent from my iPhone",
        "",
        "From: Ann\nSent: Monday\nTo: Help\nSubject: Export\nAll our data is gone",
        "On 2 Mar 2026 Ann\nwrote:\nhello",
        "Kind regards\nAnn",
    ],
)
def test_a_quote_is_better_than_no_words(text: str) -> None:
    assert without_quotes(text) == text


@given(st.text())
def test_without_quotes_is_empty_for_no_words_only(text: str) -> None:
    assert bool(without_quotes(text)) == bool(text)


def test_the_model_reads_a_repeated_subject_once() -> None:
    ticket = Ticket(subject="Login FAILS", body="<p>login fails</p> since today")
    assert model_texts(ticket) == ("", "login fails\nsince today")


def test_the_model_reads_no_quotes_and_the_rules_read_all() -> None:
    ticket = Ticket(subject="Re: export", body="Thanks.\n> we lost all data")
    assert model_texts(ticket) == ("Re: export", "Thanks.")
    assert full_text(ticket) == "Re: export\nThanks.\n> we lost all data"


@pytest.mark.parametrize(
    ("subject", "body", "expected"),
    [("a", "", "a"), ("", "b", "b"), ("a", "b", "a\nb"), ("", "", ""), (" ", "<p>", "")],
)
def test_full_text_joins_what_there_is(subject: str, body: str, expected: str) -> None:
    assert full_text(Ticket(subject=subject, body=body)) == expected


def test_a_forwarded_message_is_kept_for_it_carries_the_matter() -> None:
    text = "fyi\n---------- Forwarded message ---------\nThe export fails."
    assert "The export fails." in without_quotes(text)


BLOCK = "From: Ann\nDate: Monday\nSubject: Export\nTo: Help\nThe export fails."


@pytest.mark.parametrize("mark", ["---------- Forwarded message ---------", "Fwd: Export"])
def test_a_forwarded_block_is_kept_for_it_carries_the_matter(mark: str) -> None:
    assert "The export fails." in without_quotes(f"fyi\n{mark}\n{BLOCK}")


@pytest.mark.parametrize("subject", ["FW: Export", "Fwd: Export", "WG: Export"])
def test_a_forwarded_mail_is_known_by_its_subject(subject: str) -> None:
    body = f"please see below\n{BLOCK}"
    assert model_texts(Ticket(subject=subject, body=body)) == (subject, body)
    assert model_texts(Ticket(subject="RE: Export", body=body))[1] == "please see below"
