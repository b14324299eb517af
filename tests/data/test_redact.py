"""What is taken out of a text, what stays, and that no text around a secret brings it back."""

import json
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from phonenumbers import NumberParseException

from tierline.data.normalise import normalise
from tierline.data.redact import redact, redact_quotes, redacted_spans
from tierline.data.redact_phones import phones

#: A broken bar parts what scanners of repositories would take for real keys.
FILE = Path(__file__).with_name("planted_secrets.jsonl")
PLANTED: list[dict[str, Any]] = [
    json.loads(line) for line in FILE.read_text(encoding="utf-8").replace("¦", "").splitlines()
]
planted = pytest.mark.parametrize("row", PLANTED, ids=[str(i) for i in range(1, len(PLANTED) + 1)])
PIECES = sorted({word for row in PLANTED for word in row["text"].split(" ")})
SIGNS = ["password: ", "token ", "Dear ", "regards,\n", "card ", "iban ", "tel ", "+49 ", "-- \n"]
KINDS = ["[email]", "[phone]", "[card]", "[iban]", "[ip]", "[mac]", "[secret]", "[name]"]
mixed_text = st.lists(st.sampled_from(PIECES + SIGNS + KINDS) | st.text(max_size=4), max_size=20)


def test_the_corpus_is_large_and_its_rows_mean_something() -> None:
    assert sum(len(row["secrets"]) for row in PLANTED) >= 180
    for row in PLANTED:
        assert all(words in row["text"] for words in chain(row["secrets"], row["keep"]))


@planted
def test_planted_secrets_vanish_and_the_rest_stays(row: dict[str, Any]) -> None:
    found = redact(row["text"])
    assert [secret for secret in row["secrets"] if secret in found] == []
    assert [words for words in row["keep"] if words not in found] == []
    assert redact(found) == found


@planted
def test_normalising_first_brings_nothing_back(row: dict[str, Any]) -> None:
    found = redact(normalise(row["text"]))
    assert [s for s in row["secrets"] if s in found or normalise(s) in found] == []


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(PLANTED), st.text(max_size=60), st.text(max_size=60))
def test_no_text_around_them_brings_secrets_back(
    row: dict[str, Any], before: str, after: str
) -> None:
    assume(not any(secret in before + after for secret in row["secrets"]))
    found = redact(f"{before}\n{row['text']}\n{after}")
    assert [secret for secret in row["secrets"] if secret in found] == []


@settings(deadline=None, max_examples=300)
@given(mixed_text.map("".join) | mixed_text.map(" ".join))
@example("password: [secret] 0171 555 0142")
@example("order zoe@x.example 0171 555 0142")
@example("4111 1111 1111 1111 0171 555 0142")
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@settings(deadline=None)
@given(st.text())
def test_places_are_apart_and_inside(text: str) -> None:
    spans = redacted_spans(text)
    flat = [n for span in spans for n in (span.start, span.end)]
    assert flat == sorted(flat)
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    if not spans:
        assert redact(text) == text


@given(st.lists(st.sampled_from(["the", "export", "stops", "at", "once", "a", "new", "label"])))
def test_plain_words_stay(words: list[str]) -> None:
    text = " ".join(words)
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Hello team, order 4500718832 and ticket_no0427713 are open since 2025-03-09T04:52:11Z.",
        "Build 10.2.1.4, app version 4.1.2.88, Outlook 16.0.8431.2110 and 3.8.1, 06.05.2024 10:00",
        "Total 1,299.00 EUR, 49.90 USD, 20% off, 15 000 000 rows, 1712345678901 ms",
        "error 0x80070005 at 0x7ffd3a2b91c0 in std::vector, code 500123, a::b, line 1182",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8, id 5d1c2fa0-4a1b-4c0d-9e55-0a1b2c3d4e5f",
        "bag tag 0117 442908, RR-90112/13/14, GPA.3391-0042, WD-3318820, LT2-88391, LX 318",
        "forgot password 4 times, the password is wrong, password expired, password reset please",
        "the token code is refused, the API key was revoked, my PIN is blocked, pin 3 tries",
        "Password: not accepted. Passwort abgelaufen. La contraseña es incorrecta.",
        "Hi all, thanks again! Cheers everyone. Best regards to all of you",
        "@NovaAir hey @KiteAir, 3 @ 5 EUR each, 127.0.0.1 and 255.255.255.0, ::1, 10:20:30",
        "Dear Sir or Madam, dear customer support, Hi there, Hello we are in Marrakech",
        "- Crash on start\n- Export broken",
        "",
        "\ud800 \x00",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to a.b@c.example.", "write to [email]."),
        ("call me: +49 30 901820, thanks", "call me: [phone], thanks"),
        ("card 4111-1111-1111-1111!", "card [card]!"),
        ("IBAN DE89 3704 0044 0532 0130 00 is mine", "IBAN [iban] is mine"),
        ("from 203.0.113.7:8443", "from [ip]:8443"),
        ("MAC 00:1b:44:11:3a:b7 flaps", "MAC [mac] flaps"),
        ("password: x7, again", "password: [secret], again"),
        ("Dear Ms Tanaka,", "Dear Ms [name],"),
        ("Regards,\nMaria Lopez\nHead of Payroll", "Regards,\n[name]\nHead of Payroll"),
    ],
)
def test_the_placeholder_says_what_stood_there(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    ("number", "taken"),
    [
        ("4111111111111111", True),
        ("4111111111111112", False),
        ("DE89370400440532013000", True),
        ("DE89370400440532013001", False),
        ("order 4111111111111112", False),
        ("card 4111111111111112", True),
        ("iban DE89370400440532013001", True),
    ],
)
def test_check_digits_decide_unless_words_do(number: str, *, taken: bool) -> None:
    assert (redact(number) != number) is taken


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mine is 212-555-0123 ext 12 now", "mine is [phone] now"),
        ("415.555.2671 x4", "[phone]"),
        ("or 555-123-4567 ext 12", "or [phone]"),
        ("612 345 678 ext. 4", "[phone]"),
        ("tel 12345 x 1234", "tel [phone]"),
        ("order 555-123-4567 ext 12", "order 555-123-4567 ext 12"),
        ("pick 1234567 x2", "pick 1234567 x2"),
    ],
)
def test_an_extension_neither_hides_a_number_nor_makes_one(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize("invisible", "\u00ad\u200b\u200d\u2060\ufeff\u202e\u0301")
def test_invisible_characters_hide_nothing(invisible: str) -> None:
    for secret in ("zoe@x.example", "4111111111111111", "203.0.113.7"):
        assert redact(invisible.join(f" {secret} ")).strip(f" {invisible}").startswith("[")


@planted
def test_single_words_quoted_hold_no_secret(row: dict[str, Any]) -> None:
    words = normalise(row["text"]).split()
    quoted = " ".join(redact_quotes(words, normalise(row["text"])))
    assert [secret for secret in row["secrets"] if normalise(secret) in quoted] == []


def test_quotes_hold_what_the_redacted_text_holds() -> None:
    text = "Hacked! password: hunter2, says zoe@x.example. Regards, Ann Holt"
    quotes = ("Hacked!", "hunter2", "says zoe@x.example", "Ann", "hunt", "password")
    assert redact_quotes(quotes, text) == ("Hacked!", "[…]", "says [email]", "password")
    assert redact_quotes(("as", "it", "is"), "as it is") == ("as", "it", "is")


HOSTILE = [
    *("a", "A", "1", "@", "a@", "a.", "1 ", "1-", "(1", "1.", "a:", "::1 ", "\n", '"', "'"),
    *("+4917012345678 ", "0171 23456789, ", "4111 ", "de89", "DE89 3704 ", "1.1.1.1 ", "tel 1"),
    *("key ", "token=", "password ", "password: ", "pw:", 'password "', "pin 1", "api_", "a-key="),
    *("key aB3dE5gH7jK9 ", "-----BEGIN PRIVATE KEY-----", "eyJaaaaaaaa.", "://a:b@", "cookie: "),
    *("dear ", "dear A ", "hi\n", "regards,\n", "thanks, ", "-- \n", " Mr ", "Ann-", "A'"),
    *("&#64;", "&amp", "<b>", "\u200b", "é", "\u0301", "a (at) a (dot) ", "x at x dot "),
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_time_grows_with_the_length_only(
    unit: str, assert_linear: Callable[[Callable[[str], object], str], None]
) -> None:
    assert_linear(redacted_spans, unit)


def test_past_so_many_questions_every_candidate_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refuse(number: str, region: str | None) -> None:
        asked.append(number)
        raise NumberParseException(NumberParseException.NOT_A_NUMBER, "no number")

    monkeypatch.setattr("tierline.data.redact_phones.parse", refuse)
    found = list(phones(", ".join(f"+49 171 {n:07}" for n in range(2000))))
    assert len(asked) == 500
    assert len(found) == 1500
