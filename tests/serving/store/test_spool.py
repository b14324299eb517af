"""The file where decisions wait: on disk at once, handed on whole, never doubled by a crash."""

import json
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from tierline.serving.store.spool import Spool


def item(name: str) -> dict[str, Any]:
    return {"kind": "decisions", "id": name}


def drained(spool: Spool, most: int = 100) -> list[str]:
    got: list[str] = []
    done = False
    while not done:
        done = spool.drain(lambda items: got.extend(i["id"] for i in items), most)
    return got


def test_what_goes_in_comes_out_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    assert spool.is_empty()
    spool.append([item("a"), item("b")])
    spool.append([item("c")])
    assert not spool.is_empty()
    assert spool.count() == (3, 0)
    assert drained(spool, most=2) == ["a", "b", "c"]
    assert spool.is_empty()
    assert drained(spool) == []


def test_a_file_that_another_process_ends_while_it_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, exists = Spool(tmp_path / "spool"), Path.exists
    spool.append([item("a")])
    waiting = tmp_path / "spool" / "waiting.jsonl"

    def seen_last(path: Path) -> bool:
        there = exists(path)
        if path == waiting:
            waiting.unlink(missing_ok=True)
        return there

    with monkeypatch.context() as patch:
        patch.setattr(Path, "exists", seen_last)
        assert spool.count() in {(0, 0), (1, 0)}


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.append([item("a")])
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in spool.folder.iterdir()}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700


def test_a_file_that_another_process_ends_meanwhile_is_private_again(tmp_path: Path) -> None:
    one, other = Spool(tmp_path / "spool"), Spool(tmp_path / "spool")
    one.append([item("a")])
    adding = threading.Thread(target=other.append, args=([item("b")],))

    def write(_: object) -> None:
        adding.start()
        adding.join(0.1)  # it waits until this one is done, and has removed the file

    assert one.drain(write, 1)
    adding.join(30)
    assert stat.S_IMODE((tmp_path / "spool" / "waiting.jsonl").stat().st_mode) == 0o600
    assert drained(one) == ["b"]


def test_lines_are_on_disk_before_append_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda place: synced.append(os.fstat(place).st_size))
    spool = Spool(tmp_path / "spool")
    spool.append([item("a")])
    waiting = tmp_path / "spool" / "waiting.jsonl"
    assert waiting.stat().st_size in synced


def test_lines_stay_when_writing_fails(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.append([item("a"), item("b")])

    def fail(_: object) -> None:
        raise OSError

    with pytest.raises(OSError):
        spool.drain(fail, 1)
    assert drained(spool) == ["a", "b"]


def test_another_process_goes_on_with_a_new_file(tmp_path: Path) -> None:
    one, other = Spool(tmp_path / "spool"), Spool(tmp_path / "spool")
    one.append([item("a"), item("b"), item("c")])
    assert not one.drain(lambda _: None, 2)  # a crash or another process here
    assert drained(other) == ["a", "b", "c"]
    one.append([item("d"), item("e"), item("f")])
    assert drained(one) == ["d", "e", "f"]


def test_lines_added_between_two_steps_are_not_lost(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.append([item("a"), item("b")])
    got: list[str] = []
    assert not spool.drain(lambda items: got.extend(i["id"] for i in items), 1)
    spool.append([item("c")])
    assert [*got, *drained(spool)] == ["a", "b", "c"]


def test_a_line_cut_short_costs_no_other(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.append([item("a")])
    with (tmp_path / "spool" / "waiting.jsonl").open("a") as file:
        file.write('{"kind": "decisions", "id"')
    spool.append([item("b")])
    assert drained(spool) == ["a", "b"]


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path / "spool")
    spool.append([item("a")])

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError):
            spool.append([item("b")])
    spool.append([item("c")])
    assert drained(spool) == ["a", "c"]


@pytest.mark.skipif(os.name != "posix", reason="folders are synced there only")
def test_a_folder_that_cant_be_synced_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[int] = []

    def refuse(place: int) -> None:
        if stat.S_ISDIR(os.fstat(place).st_mode):
            folders.append(place)
            raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="Invalid argument"):
        Spool(tmp_path / "spool").append([item("a")])
    (folder,) = folders
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(folder)


def test_erased_lines_are_gone_and_the_rest_is_whole(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.append([item(name) for name in "abcd"])
    spool.refuse([item("a"), item("e")])
    assert not spool.drain(lambda _: None, 1)
    assert spool.erase(lambda found: found["id"] in "ac") == 3
    text = "".join(p.read_text() for p in spool.folder.glob("*.jsonl"))
    assert [json.loads(line)["id"] for line in text.splitlines() if '"file"' not in line]
    assert '"a"' not in text
    assert drained(spool) == ["b", "d"]
    assert spool.erase(lambda found: found["id"] == "z") == 0
    assert Spool(tmp_path / "none").erase(lambda _: True) == 0


def test_an_erasure_that_is_cut_off_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path / "spool")
    spool.append([item(name) for name in "abc"])
    real = Path.replace

    def killed(path: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        spool.erase(lambda found: found["id"] == "a")
    monkeypatch.setattr(Path, "replace", real)
    assert drained(Spool(spool.folder)) == ["a", "b", "c"]


def test_what_a_later_line_dooms_goes_too(tmp_path: Path) -> None:
    spool, hers = Spool(tmp_path / "spool"), {"last"}
    spool.refuse([item("first"), item("last"), item("other")])

    def doomed(found: dict[str, Any]) -> bool:
        if found["id"] == "last":
            hers.add("first")
        return found["id"] in hers

    assert spool.erase(doomed) == 2
    text = "".join(p.read_text() for p in spool.folder.glob("*.jsonl"))
    assert '"first"' not in text
    assert '"other"' in text


def test_every_step_brings_the_versions_before_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    version = {"kind": "policies", "version": "p-1", "content": {}}
    spool.append([version, item("a"), item("b"), item("c")])
    got: list[list[dict[str, Any]]] = []
    while not spool.drain(lambda items: got.append(list(items)), 2):
        pass
    assert got == [[version, item("a")], [version, item("b"), item("c")]]
