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
