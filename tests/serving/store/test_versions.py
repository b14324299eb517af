"""What decides is known by its code, tables and packages in packages included."""

import subprocess
import sys
from pathlib import Path

import pytest

from tierline.serving.store import versions
from tierline.serving.store.versions import backlog_version, code_version, rules_version

_IMPORTED = """
import sys, tierline.serving.routing.router
print(*(name for name in sys.modules if name.startswith("tierline.")))
"""


def test_versions_name_the_code() -> None:
    assert rules_version() != code_version() != backlog_version()
    assert rules_version().startswith("rules-")
    assert len(code_version()) == len("code-") + 12


def test_all_that_an_answer_imports_is_in_it() -> None:
    found = subprocess.run(
        [sys.executable, "-c", _IMPORTED], check=True, capture_output=True, text=True
    )
    rooms = {"tierline.models", "tierline.serving"}
    modules = set(found.stdout.split()) - rooms
    assert "tierline.serving.teams.choice" in modules
    assert [m for m in modules if not f"{m}.".startswith(tuple(_packages()))] == []


def _packages() -> list[str]:
    return [f"{package}." for package in versions._DECIDING]


@pytest.mark.parametrize("changed", ["rule.py", "table.npz", "desks/zendesk.py"])
def test_every_file_counts(changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path.name  # imported once in a process
    folder = tmp_path / package
    for name in ("__init__.py", "rule.py", "table.npz", "desks/zendesk.py", "__pycache__/a.pyc"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"1\r\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = versions._digest((package,))
    (folder / "__pycache__/a.pyc").write_bytes(b"compiled anew")
    (folder / "rule.py").write_bytes(b"1\n")  # another system's line ends
    assert versions._digest((package,)) == before
    (folder / changed).write_bytes(b"2")
    assert versions._digest((package,)) != before
