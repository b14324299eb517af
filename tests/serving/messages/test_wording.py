"""Tone, form and language of messages, and what a stranger's words can't do in them."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.data.errors import InputError
from tierline.data.ticket import Ticket
from tierline.serving.messages.compose import compose
from tierline.serving.messages.message import Form, Kind, Message
from tierline.serving.messages.templates import Templates
from tierline.serving.plain_words import plain_words, reference

from ..fakes import CALM, LOSS, NOW, POLICY, answer, policy_with, prediction

LANGUAGES = ("de", "en", "es", "fr", "pt")
#: What each language's apologies have in common.
SORRY = {
    "en": ("sorry", "apologise"),
    "de": ("leid", "ntschuldig"),
    "es": ("amentamos", "disculp"),
    "fr": ("désolés", "excus"),
    "pt": ("amentamos", "desculpas"),
}


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates.load()


def write(
    templates: Templates,
    kind: Kind = Kind.ACKNOWLEDGEMENT,
    *,
    severity: str = "P3",
    mood: str = "neutral",
    language: str | None = None,
    **fields: Any,
) -> Message:
    known: dict[str, Any] = {"body": CALM, "created_at": NOW} | fields
    said = answer(prediction(severity, "bug", mood), POLICY, **known)
    return compose(kind, Ticket(**known), said, POLICY, templates, NOW, language)


def test_tone_follows_the_mood(templates: Templates) -> None:
    channels = ("email", "chat", "social")
    for kind, language, channel in product(Kind, LANGUAGES, channels):
        texts = {
            mood: write(templates, kind, mood=mood, language=language, channel=channel).text
            for mood in ("very_negative", "negative", "neutral", "positive")
        }
        assert len(set(texts.values())) == 4
        for mood, text in texts.items():
            apologises = any(word in text for word in SORRY[language])
            assert apologises == mood.endswith("negative"), (kind, language, text)
        assert len(texts["positive"]) < min(len(texts[m]) for m in texts if m != "positive")


def test_nobody_is_glad_of_an_incident_or_an_outage(templates: Templates) -> None:
    for language in LANGUAGES:
        for severity, body in (("P1", CALM), ("P2", CALM), ("P3", LOSS)):
            text = write(templates, severity=severity, language=language, body=body).text
            assert any(word in text for word in SORRY[language]), (language, severity)


def test_severity_and_tier_change_what_is_said(templates: Templates) -> None:
    for language in LANGUAGES:
        by_severity = {
            s: write(templates, severity=s, language=language).text for s in ("P1", "P2")
        }
        assert len(set(by_severity.values())) == 2
        placed = {
            tier: write(templates, language=language, current_tier=tier, locked_by_human=True).text
            for tier in (1, 2, 3, 4)
        }
        assert len(set(placed.values())) == 4


def test_public_messages_tell_no_details(templates: Templates) -> None:
    for kind, language, channel in product(Kind, LANGUAGES, ("social", "app_review", "Social")):
        texts = {
            write(templates, kind, language=language, channel=channel, mood="negative",
                  id=name, subject=about, current_tier=tier, locked_by_human=True).text
            for name, about, tier in (("T-7", "Zebrafish", 2), ("T-8", "Export", 3))
        }  # fmt: skip
        if kind is Kind.PROGRESS or kind is Kind.RESOLUTION:
            assert len(texts) == 1  # nothing tells two cases apart
        assert not any("T-7" in text or "Zebrafish" in text for text in texts)


@pytest.mark.parametrize(
    ("channel", "form"),
    [(None, "long"), ("email", "long"), ("portal", "long"), ("chat", "short"), ("forum", "public")],
)
def test_the_channel_decides_the_form(templates: Templates, channel: str | None, form: str) -> None:
    made = write(templates, channel=channel)
    assert made.form == form
    assert (made.subject is None) == (made.html is None) == (form != "long")
    if form != "long":
        assert len(made.text) < len(write(templates).text)


def test_the_language_is_asked_for_the_tickets_or_the_policys(templates: Templates) -> None:
    assert write(templates).language == "en"
    assert write(templates, language="FR").text.startswith("Bonjour")
    there = answer(prediction(), POLICY, language="de_AT")
    made = compose(Kind.PROGRESS, Ticket(language="de_AT"), there, POLICY, templates, NOW)
    assert made.language == "de-AT"
    assert made.text.startswith("Guten Tag,")
    other = compose(Kind.PROGRESS, Ticket(language="ja"), there, POLICY, templates, NOW)
    assert other.language == "en"
    with pytest.raises(InputError, match="expected one of de, en, es, fr, pt"):
        write(templates, language="ja")
    with pytest.raises(InputError, match="time_zone: expected an IANA time zone"):
        compose(Kind.PROGRESS, Ticket(), there, POLICY, templates, NOW, "de", "Mars/Base")
    lost = policy_with(messages={"language": "ja"})
    with pytest.raises(InputError, match=r"messages\.language: no templates for 'ja'"):
        compose(Kind.PROGRESS, Ticket(), there, lost, templates, NOW)


def test_regions_write_times_their_own_way(templates: Templates) -> None:
    assert "March 10, 2025 at 8:00 PM" in write(templates, language="en").text
    assert "10 March 2025 at 20:00" in write(templates, language="en-GB").text


def test_the_policys_signature_closes_a_mail(templates: Templates) -> None:
    signed = policy_with(messages={"signature": "Zoe & Co <care>"})
    said = answer(prediction(), signed)
    made = compose(Kind.PROGRESS, Ticket(body=CALM), said, signed, templates, NOW)
    assert made.text.endswith("Kind regards, Zoe & Co <care>")
    assert made.html is not None
    assert "Zoe &amp; Co &lt;care&gt;</p>" in made.html


HOSTILE = (
    "{{ 7 * 7 }} {% for x in range(9) %}x{% endfor %} {{ self.__init__.__globals__ }}",
    "<script>alert(1)</script> <b onclick=x>hi</b> &lt;img src=x&gt;",
    "win at https://evil.example/x or evil.example or //evil.example or javascript://x",
    "mail zoe@kestra.example, call +1 555 010 9999, hi @channel <!here> [x](y)",
    "a\r\nBcc: all@example.com\n\nSubject: other",
    "e\u202evil。example ｅvil．example 1.2.3.4",
)


@pytest.mark.parametrize("subject", HOSTILE)
def test_a_strangers_words_do_nothing(templates: Templates, subject: str) -> None:
    for kind, language in product(Kind, LANGUAGES):
        made = write(templates, kind, subject=subject, id=subject[:200], language=language)
        everything = f"{made.subject}\n{made.text}"
        for sign in (
            "{",
            "}",
            "<",
            ">",
            "@",
            "://",
            "evil.",
            ".example",
            "49",
            "kestra",
            "555",
            "[",
            "|",
        ):
            assert sign not in everything.replace("UTC", ""), (sign, everything)
        assert "\n" not in (made.subject or "")
        assert made.html is not None
        assert "<script" not in made.html
        assert "<b" not in made.html.replace("<body", "")
        assert "href" not in made.html


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.text(max_size=150))
def test_plain_words_are_short_and_plain(text: str) -> None:
    words = plain_words(text, 80)
    assert len(words) <= 80
    assert words == " ".join(words.split())
    assert not set(words) & set("<>{}[]@#*_`|~\\\n\r\u202e\u200b")
    assert "://" not in words
    assert plain_words(words, 80).rstrip("…") == words.rstrip("…") or len(words) >= 79


@pytest.mark.parametrize(
    ("name", "kept"), [("T-1042", "T-1042"), ("#7_a", "#7_a"), ("a.example", ""), ("a b", ""),
                       ("x" * 41, ""), (None, "")],
)  # fmt: skip
def test_only_plain_ids_are_quoted(name: str | None, kept: str) -> None:
    assert reference(name) == kept


def test_a_long_subject_is_cut(templates: Templates) -> None:
    made = write(templates, subject="word " * 400)
    assert "…" in made.text
    assert len(made.text) < 700
    assert made.form is Form.LONG
