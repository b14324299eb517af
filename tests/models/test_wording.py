"""What tells an unsupported language: the tickets' own, whatever they are, and no list of any."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.models.runtime.wording import BUCKETS, MIN_LETTER_BYTES, Wording, _runs, long_enough

GERMAN = [
    "Ich kann mich seit heute früh nicht mehr anmelden, bitte um Hilfe.",
    "Die Rechnung wurde doppelt abgebucht, bitte erstatten Sie mir das Geld.",
    "Seit dem Update stürzt die App ab, wenn ich eine Rechnung öffne.",
    "Bitte senden Sie mir die Rechnung noch einmal, ich kann sie nicht öffnen.",
    "Ich habe mein Passwort vergessen und kann mich nicht anmelden.",
    "Wann kommt mein Paket? Ich warte seit einer Woche und habe nichts gehört.",
    "Können Sie mir bitte helfen? Der Drucker druckt seit heute nicht mehr.",
    "Mein Konto wurde gesperrt, obwohl ich nichts falsch gemacht habe.",
]
ENGLISH = [
    "I have not been able to log in since this morning, please help.",
    "The invoice was charged twice, please refund the money to me.",
    "Since the update the app crashes whenever I open an invoice.",
    "Please send me the invoice once more, I am not able to open it.",
    "I have forgotten my password and I am not able to log in.",
    "When will my parcel arrive? I have been waiting for a week now.",
    "Could you please help me? The printer has not printed since this morning.",
    "My account was locked although I have not done anything wrong.",
]
JAPANESE = [
    "今朝からログインできません。助けてください。",
    "請求書が二重に引き落とされました。返金してください。",
    "アップデートしてからアプリが落ちます。助けてください。",
    "請求書をもう一度送ってください。開けません。",
    "パスワードを忘れてしまい、ログインできません。",
    "荷物はいつ届きますか。一週間待っています。返事をください。",
    "プリンターが今朝から印刷できません。助けてください。",
    "アカウントがロックされました。返事をください。",
]


@pytest.mark.parametrize("own", [GERMAN, ENGLISH, JAPANESE])
def test_the_languages_of_the_training_tickets_are_the_supported_ones(own: list[str]) -> None:
    wording = Wording.fit(own[:6])
    usual = [wording.strangeness(text) for text in own[6:]]
    strange = [wording.strangeness(t) for f in (GERMAN, ENGLISH, JAPANESE) if f != own for t in f]
    assert max(filter(None, usual)) < min(filter(None, strange))


def test_two_languages_may_be_supported_at_once() -> None:
    both = Wording.fit([*GERMAN, *ENGLISH])
    strange = [both.strangeness(text) for text in JAPANESE]
    usual = [both.strangeness(text) for text in (*GERMAN, *ENGLISH)]
    assert max(filter(None, usual)) < min(filter(None, strange))


def test_the_score_by_hand() -> None:
    wording = Wording.fit(["abcde fghij klmno pqrst"] * 3 + ["zzzzz"])
    assert wording.tickets == 4
    known = wording.strangeness("abcde fghij klmno pqrst")
    assert known == pytest.approx(-np.log(3.5 / 5))
    assert wording.strangeness("uvwxy " * 5) == pytest.approx(-np.log(0.5 / 5))


def test_what_one_ticket_has_alone_is_not_kept() -> None:
    assert Wording.fit(["Philomena Ashgrove-Larkin called", "abcde"]).counts.sum() == 0


def test_digits_marks_and_case_do_not_count() -> None:
    wording = Wording.fit(ENGLISH)
    plain = wording.strangeness("please help me log in to the account")
    assert wording.strangeness("PLEASE -- help me 4711 log in, to the account!") == plain


@pytest.mark.parametrize(
    ("text", "enough"),
    [
        ("", False),
        ("12345678901234567890 +++", False),
        ("a" * (MIN_LETTER_BYTES - 1), False),
        ("a" * MIN_LETTER_BYTES, True),
        ("印刷できません", True),
        ("印刷できませ", False),
    ],
)
def test_a_few_letters_can_not_be_judged(text: str, enough: bool) -> None:
    assert long_enough(text) is enough
    assert (Wording.fit(ENGLISH).strangeness(text) is not None) is enough


@given(st.text(max_size=80))
def test_any_text_has_a_score_within_its_bounds(text: str) -> None:
    wording = Wording.fit(ENGLISH)
    found = wording.strangeness(text)
    assert found is None or 0 <= found <= np.log(2 * (wording.tickets + 1)) + 1e-9
    assert found == wording.strangeness(text)
    assert all((runs := _runs(text)) >= 0)
    assert all(runs < BUCKETS)


@pytest.mark.parametrize("unit", ["a", "ab ", "語", "1a "])
def test_scores_take_linear_time(
    assert_linear: Callable[[Callable[[str], object], str], None], unit: str
) -> None:
    assert_linear(Wording.fit(ENGLISH).strangeness, unit)
