"""The wheel works where nothing but it and its base dependencies is installed."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("data", "models", "serving", "training")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as a wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT, cwd=folder)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment with the wheel and its base dependencies."""
    folder = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    programs = folder / "venv" / "bin"
    pip = [programs / "python", "-m", "pip", "install", "--quiet", "--no-compile"]
    run(*pip, "-c", ROOT / "constraints.txt", wheel, cwd=folder)
    return programs


def run(*command: object, cwd: Path) -> str:
    """Run a command outside the checkout and return what it printed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_a_portion_of_one_namespace(room: str) -> None:
    folder = ROOT / room / "tierline"
    assert {p.name for p in folder.iterdir()} - {"__pycache__"} == {room}
    assert (folder / room / "__init__.py").is_file()


def test_the_wheel_holds_every_source_file_and_no_other_room(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = {n for n in archive.namelist() if n.startswith("tierline/")}
        others = {n.split("/")[0] for n in archive.namelist()} - {"tierline"}
    sources = {
        path.relative_to(ROOT / room).as_posix()
        for room in ROOMS
        for pattern in ("*.py", "*.toml", "*.html", "*.css", "*.j2")
        for path in (ROOT / room / "tierline").rglob(pattern)
    }
    assert names >= sources
    assert "tierline/serving/policy/default.toml" in names
    assert "tierline/training/report/templates/page.html" in names
    assert "tierline/serving/page/templates/style.css" in names
    assert "tierline/training/retraining/safety_suite.jsonl" in names
    assert "tierline/__init__.py" not in names
    assert {name.rpartition(".")[2] for name in others} == {"dist-info"}


def test_the_command_runs(clean: Path, tmp_path: Path) -> None:
    shown = run(clean / "tierline", "--help", cwd=tmp_path)
    for command in ("score", "route", "serve", "policy", "map", "train"):
        assert command in shown
    assert "Tier 1" in run(clean / "tierline", "policy", "show", cwd=tmp_path).title()


def test_a_backlog_is_scored_by_rules(clean: Path, tmp_path: Path) -> None:
    with (tmp_path / "in.csv").open("w", newline="") as file:
        rows = [("a", "All our records were deleted last night"), ("b", "How do I add a user?")]
        csv.writer(file).writerows([("id", "body"), *rows])
    run(clean / "tierline", "score", "in.csv", "--out", "out.jsonl", "--rules-only", cwd=tmp_path)
    answers = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(a["id"], a["mode"]) for a in answers] == [("a", "rules_only"), ("b", "rules_only")]
    assert answers[0]["tier"] == 3


def test_no_training_library_is_installed(clean: Path, tmp_path: Path) -> None:
    listed = run(clean / "python", "-m", "pip", "list", "--format=json", cwd=tmp_path)
    installed = {package["name"].lower() for package in json.loads(listed)}
    assert "tierline" in installed
    unwanted = {"torch", "transformers", "scikit-learn", "mlflow", "mlflow-skinny", "pandas"}
    assert not installed & unwanted


def test_training_says_what_to_install(clean: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [clean / "tierline", "promote"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "pip install 'tierline[train]'" in done.stderr
