"""What of a folder is read, named as left out, or refused."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tierline.data.errors import InputError
from tierline.serving.backlog.inputs import Backlog

from ..fakes import CALM


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"body": CALM}) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "folder" / "a.jsonl").parent


def denying(monkeypatch: pytest.MonkeyPatch, denied: Path) -> None:
    """Have the system refuse to list a folder; root may list any."""
    scandir = os.scandir

    def refuse(place: Any = ".") -> Any:
        if Path(place) == denied:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", refuse)


@pytest.mark.parametrize("denied", ["", "b", "b/c"])
def test_a_folder_that_cannot_be_read_is_refused(
    monkeypatch: pytest.MonkeyPatch, folder: Path, denied: str
) -> None:
    write(folder / "b" / "c" / "d.jsonl")
    denying(monkeypatch, folder / denied)
    with pytest.raises(InputError, match=r"can't be read \(Permission denied\)") as told:
        Backlog.of(folder, {})
    assert str(told.value).startswith(str(folder / denied))


def test_one_that_is_not_read_anyway_may_be_closed(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    write(folder / ".trash" / "old.jsonl")
    denying(monkeypatch, folder / ".trash")
    backlog = Backlog.of(folder, {})
    assert (list(backlog.files), backlog.left_out) == (["a.jsonl"], [])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no FIFOs, and links only for some users")
def test_what_is_no_file_is_left_out_and_named(tmp_path: Path, folder: Path) -> None:
    (folder / "gone.jsonl").symlink_to(tmp_path / "nowhere.jsonl")
    (folder / "round.jsonl").symlink_to("round.jsonl")
    (folder / "linked").symlink_to(write(tmp_path / "other" / "b.jsonl").parent)
    (folder / "back").symlink_to(folder)
    (folder / "good.jsonl").symlink_to(write(tmp_path / "c.jsonl"))
    os.mkfifo(folder / "pipe.jsonl")
    os.mkfifo(folder / "_pipe.jsonl")
    backlog = Backlog.of(folder, {})
    assert list(backlog.files) == ["a.jsonl", "good.jsonl"]
    assert backlog.left_out == ["back", "gone.jsonl", "linked", "pipe.jsonl", "round.jsonl"]
