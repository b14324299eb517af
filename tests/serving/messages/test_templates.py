"""Templates of one's own: in place of the packaged ones, or refused with name and line."""

import shutil
from importlib import resources
from pathlib import Path

import pytest

from tierline.data.errors import InputError
from tierline.data.ticket import Ticket
from tierline.serving.messages.checks import check
from tierline.serving.messages.compose import compose
from tierline.serving.messages.message import Kind
from tierline.serving.messages.templates import Templates

from ..fakes import CALM, NOW, POLICY, answer, prediction

PACKAGED = resources.files("tierline.serving.messages") / "templates"
GOOD = """{% macro subject() %}News{% endmacro %}
{% macro long() %}All is well, {{ signature or "us" }}.{% endmacro %}
{% macro short() %}All is well.{% endmacro %}
{% macro public() %}All is well.{% endmacro %}
"""


def own(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return folder


def test_the_packaged_templates_pass_the_check_for_ones_own() -> None:
    templates = Templates.load()
    check(templates, templates.files)


def test_one_file_replaces_one_file(tmp_path: Path) -> None:
    templates = Templates.load(own(tmp_path, "en/progress.j2", GOOD))
    ticket, said = Ticket(body=CALM), answer(prediction())
    made = compose(Kind.PROGRESS, ticket, said, POLICY, templates, NOW)
    assert (made.subject, made.text) == ("News", "All is well, us.")
    other = compose(Kind.TIMELINE, ticket, said, POLICY, templates, NOW)
    assert other.subject == "What happens next"


def test_even_ones_own_template_can_tell_no_details_in_public(tmp_path: Path) -> None:
    told = GOOD.replace("All is well.", "All is well. {{ about }}{{ reference }}")
    templates = Templates.load(own(tmp_path, "en/progress.j2", told))
    for channel, text in (("chat", "All is well. Zebrafish-7"), ("social", "All is well.")):
        ticket = Ticket(subject="Zebrafish", id="-7", channel=channel)
        made = compose(Kind.PROGRESS, ticket, answer(prediction()), POLICY, templates, NOW)
        assert made.text == text


def test_a_folder_adds_a_language(tmp_path: Path) -> None:
    with resources.as_file(PACKAGED) as packaged:
        shutil.copytree(packaged / "en", tmp_path / "nl")
    for file in (tmp_path / "nl").iterdir():
        file.write_text(file.read_text().replace('"en/', '"nl/').replace("Hello", "Goedendag"))
    templates = Templates.load(tmp_path)
    assert "nl" in templates.languages
    said = answer(prediction())
    made = compose(Kind.PROGRESS, Ticket(language="nl-BE"), said, POLICY, templates, NOW)
    assert made.text.startswith("Goedendag")
    assert "10 maart" in made.text or "11 maart" in made.text


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("en/progress.j2", GOOD + "{% if %}", r"progress\.j2, line 5: "),
        ("en/progress.j2", GOOD.replace("signature", "zebra"), r"progress\.j2, line 2: .*zebra"),
        ("en/progress.j2", "x", r"progress\.j2.*subject"),
        ("en/progress.j2", GOOD.replace("All is well.", ""), r"progress\.j2: short\(\) says not"),
        ("en/progress.j2", GOOD + "\n\nin 2 hours", r"progress\.j2, line 7: states a time .'2 ho"),
        ("de/phrases.j2", "bis 12:30 Uhr", r"phrases\.j2, line 1: states a time \('12:30'\)"),
        ("de/progress.j2", '{% set x = "24 Stunden" %}', r"progress\.j2, line 1: states a time"),
        ("en/progres.j2", GOOD, r"expected layout\.html, or LANGUAGE/ with phrases\.j2"),
        ("nl/progress.j2", GOOD, r"nl/ lacks phrases\.j2, acknowledgement\.j2, timeline\.j2"),
        ("layout.html", "\n{{ nobody }}", r"layout\.html, line 2: .*nobody"),
        ("layout.html", "{% endfor %}", r"layout\.html, line 1: "),
        (
            "en/progress.j2",
            GOOD.replace("signature", "''.__class__.__mro__[1].__subclasses__()"),
            r"progress\.j2, line 2: SecurityError",
        ),
    ],
)  # fmt: skip
def test_a_broken_template_is_refused_with_its_line(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        Templates.load(own(tmp_path, name, text))


def test_a_fault_that_only_some_case_meets_is_found(tmp_path: Path) -> None:
    rare = '{% if severity == "P4" and tier == 4 %}{{ zebra }}{% endif %}'
    folder = own(tmp_path, "en/progress.j2", GOOD.replace("All is well.", "All is well." + rare))
    with pytest.raises(InputError, match=r"progress\.j2, line 3: .*zebra"):
        Templates.load(folder)


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "progress.j2").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"progress\.j2: can't be read as UTF-8"):
        Templates.load(tmp_path)
    with pytest.raises(InputError, match="--templates: expected a folder"):
        Templates.load(tmp_path / "none")


#: Times that no policy gave, by language, as somebody may write them.
PROMISES = {
    "en": (
        "by tomorrow at 5 PM", "within one hour", "within {{ 5 }} minutes", "within 5 minutes",
        "within {{ tier }} hours", "at {{ tier }} o'clock", "by 5:30", "on Friday", "soon",
        "within {{ 137 }} hours", "on {{ 23 }} October", "by {{ respond_by }} or in {{ 2 }} days",
        "{% if update_every %}every {{ update_every.count }} minutes{% endif %}",
        "{% if update_every and update_every.count == 1 %}{{ update_every.unit }} 5{% endif %}",
        '{% if sentiment == "positive" and severity == "P4" and tier == 2 %}at noon{% endif %}',
        "by {{ [1, 7] | join('/') }}", "{{ severity }} hours", "in 48", "call 08.03.2025",
        "from 9-17", "24/7", "this afternoon", "by this evening", "in a few seconds",
        "end of business",
    ),
    "de": (
        "noch am Nachmittag", "heute bis {{ 17 }} Uhr", "in {{ tier }} Uhr", "bis morgen",
        "binnen einer Stunde",
    ),
    "es": ("en una hora", "esta tarde", "dos veces al día", "hoy", "mañana", "el lunes"),
    "fr": ("dans une heure", "dans la soirée", "demain", "sous {{ 3 }} jours", "au plus vite"),
    "pt": ("em uma hora", "esta tarde", "hoje", "amanhã", "na segunda-feira"),
}  # fmt: skip
#: What is none, though it looks like one.
HARMLESS = {
    "en": (
        "Your case {{ reference }} ({{ severity }}) is with tier {{ tier }}.",
        "Call +1 555 010 0199 or 0800 123 456 (T4).", "See https://acme.example/articles/36001.",
        "Write to desk24@acme.example about Office365.", "Have a nice day.", "within our team",
        "Good afternoon. You wrote a second time.",
        "{% if respond_by %}{{ respond_by }}, {{ respond_by.time }}{% endif %}",
        "{% if respond_by %}{{ respond_by.date.split(',')[0] }}{% endif %}",
        "{% if update_every %}every {{ update_every }}{% endif %}",
        "{% if update_every %}{{ update_every.count }} {{ update_every.unit }}s{% endif %}",
        "{% if update_every and update_every.count == 1 %}every {{ update_every.unit }}{% endif %}",
    ),
    "de": ("Guten Tag", "Einen schönen Abend!", "Guten Mittag",
        "{% if update_by %}{{ update_by.time }} Uhr{% endif %}"),
    "es": ("Buenos días", "al día"),
    "fr": ("la mise à jour", "Bonne soirée", "Bon après-midi", "à l’heure actuelle"),
    "pt": ("Bom dia", "em dia"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text"), [(language, text) for language, own in PROMISES.items() for text in own]
)
def test_a_time_that_the_policy_does_not_give_is_refused(
    tmp_path: Path, language: str, text: str
) -> None:
    folder = own(tmp_path, f"{language}/progress.j2", GOOD.replace("All is well,", text))
    with pytest.raises(InputError, match=r"progress\.j2.*states a time.*only the policy promises"):
        Templates.load(folder)


@pytest.mark.parametrize("language", HARMLESS)
def test_what_only_looks_like_a_time_is_accepted(tmp_path: Path, language: str) -> None:
    text = "\n".join(HARMLESS[language])
    folder = own(tmp_path, f"{language}/progress.j2", GOOD.replace("All is well,", text))
    assert language in Templates.load(folder).languages


def test_the_refusal_names_file_macro_case_and_words(tmp_path: Path) -> None:
    text = '{% if tier == 3 %}We answer within {{ "one" }} hour.{% endif %}'
    folder = own(tmp_path, "en/progress.j2", GOOD.replace("All is well.", text + " Well."))
    said = (
        r"en/progress\.j2 \(with en/phrases\.j2\): short\(\) states a time for severity P1, "
        r"tier 3: 'We answer within one hour\. Well\.'"
    )
    with pytest.raises(InputError, match=said):
        Templates.load(folder)


def test_a_language_of_ones_own_may_write_no_figures(tmp_path: Path) -> None:
    for file in ("phrases.j2", *(f"{kind}.j2" for kind in Kind)):
        own(tmp_path, f"nl/{file}", GOOD)
    assert "nl" in Templates.load(tmp_path).languages
    own(tmp_path, "nl/progress.j2", GOOD.replace("All is well.", "binnen {{ 5 }} werkdagen"))
    with pytest.raises(InputError, match=r"short\(\) states a time.*'binnen 5 werkdagen'"):
        Templates.load(tmp_path)


@pytest.mark.parametrize("text", ["Mo-Fr 9-17 h", "We answer within one hour", "9:00&#8211;17:00"])
def test_a_mails_frame_states_no_time(tmp_path: Path, text: str) -> None:
    frame = "<style>p { margin: 2h } </style><p>{{ language }}{{ subject }}{{ paragraphs }}</p>"
    legal = "<p>© 1998 Acme GmbH, HRB 12345, Hauptstr. 5, +49 30 123456</p>"
    Templates.load(own(tmp_path, "layout.html", frame + legal))
    own(tmp_path, "layout.html", f"{frame}<p>{text}</p>")
    with pytest.raises(InputError, match=r"layout\.html: states a time"):
        Templates.load(tmp_path)
