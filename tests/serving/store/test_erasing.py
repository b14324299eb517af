"""Everything of a ticket goes: rows, spool, and the letters that wait, were sent, or are dead."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tierline.serving.commands import app
from tierline.serving.notify.letter import Letter, News, letters
from tierline.serving.notify.outbox import Outbox
from tierline.serving.store.erasing import erase
from tierline.serving.store.purge import Doomed
from tierline.serving.store.setup import make
from tierline.serving.store.store import Store

from ..fakes import LOSS, NOW
from .making import decided, files_with, ticket


def letter(name: str | None, customer: str | None = None, **changed: Any) -> Letter:
    made = decided(ticket(LOSS, id=name, customer=customer))
    (found,) = letters(News(made.ticket, made.recommendation), "on_call", 1, NOW)
    return found.model_copy(update=changed)


def filled(folder: Path) -> Outbox:
    """Of two tickets dead letters, one that is being sent, and one that was; one without an id."""
    outbox = Outbox(folder)
    for name, customer in (("T-1", "C-1"), ("T-2", "C-2"), (None, "C-1")):
        outbox.bury(letter(name, customer), "gone", 5)
        if name is not None:
            assert outbox.claim(letter(name, customer, key=f"pending-{name}"))
            outbox.sent(letter(name, customer, key=f"sent-{name}"))
    outbox.take_dead()
    outbox.bury(letter("T-1", "C-1"), "gone again")
    return outbox


@pytest.mark.parametrize(
    ("doomed", "gone", "left"),
    [
        (Doomed(ticket="T-1"), 3, {"T-2", None}),
        (Doomed(customer="C-1"), 4, {"T-2"}),
        (Doomed(before=NOW), 0, {"T-1", "T-2", None}),
    ],
)
def test_letters_go_with_their_ticket_or_customer(
    sqlite_store: Store, tmp_path: Path, doomed: Doomed, gone: int, left: set[str | None]
) -> None:
    outbox, named = filled(tmp_path / "box"), left - {None}
    assert erase(sqlite_store, outbox, doomed)["letters"] == gone
    for name in ("T-1", "T-2"):
        assert bool(files_with(tmp_path / "box", [f"{name} to tier"])) == (name in named)
    assert bool(files_with(tmp_path / "box", ["a ticket to tier"])) == (None in left)
    sent = {path.stem for path in (tmp_path / "box").rglob("*.sent")}
    assert sent == {f"sent-{name}" for name in named}


def test_erasure_by_command_takes_letters_along(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERLINE_STORE_URL", sqlite_url)
    monkeypatch.setenv("TIERLINE_NOTIFY_DIR", str(tmp_path / "box"))
    make(Store(sqlite_url).database)
    asked = ["store", "purge", "--ticket", "T-1"]
    assert "letters: 0 erased" in CliRunner().invoke(app, asked, catch_exceptions=False).output
    assert not (tmp_path / "box").exists()
    filled(tmp_path / "box")
    assert "letters: 3 erased" in CliRunner().invoke(app, asked, catch_exceptions=False).output
    assert not files_with(tmp_path / "box", ["T-1 to tier"])
