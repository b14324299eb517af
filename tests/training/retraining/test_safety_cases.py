"""Every incident of every suite is checked under a name of its own."""

from pathlib import Path

import pytest

from tierline.data.errors import InputError
from tierline.data.quarantine import Quarantine
from tierline.serving.policy import load_policy
from tierline.training.retraining.safety_cases import safety_cases


def suite(path: Path, *ids: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    rows = [f"{name},all files are gone {i},data_loss" for i, name in enumerate(ids)]
    path.write_text("\n".join(["id,body,issue_type", *rows, ""]))
    return path


def named(tmp_path: Path, *suites: Path) -> set[str]:
    with Quarantine(tmp_path / "q.jsonl") as quarantine:
        return set(safety_cases(suites, load_policy(), quarantine))


def test_own_suites_stand_beside_the_built_in_one(tmp_path: Path) -> None:
    own = suite(tmp_path / "own.csv", "a", "b")
    assert named(tmp_path, own) - named(tmp_path) == {"own:a", "own:b"}
    assert len(named(tmp_path)) > 100


@pytest.mark.parametrize("clash", ["one file", "two files"])
def test_no_case_hides_behind_another_of_its_name(tmp_path: Path, clash: str) -> None:
    twice = ("a", "a") if clash == "one file" else ("a",)
    files = [suite(tmp_path / "x" / "own.csv", *twice)]
    if clash == "two files":
        files.append(suite(tmp_path / "y" / "own.csv", "a"))
    with pytest.raises(InputError, match="found own:a twice"):
        named(tmp_path, *files)
