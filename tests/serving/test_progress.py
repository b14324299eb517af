"""Progress: a bar on a terminal, plain lines elsewhere."""

from types import SimpleNamespace

import pytest
from rich.console import Console

from tierline.serving import progress as progress_module
from tierline.serving.progress import ShareProgress


def test_progress_without_a_terminal_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 20.0, 25.0, 45.0])
    monkeypatch.setattr(progress_module, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with ShareProgress(Console(width=200, force_terminal=False), "scoring") as progress:
        progress.update(0.1)
        progress.update(0.2, "soon")
        progress.update(0.6, "12 tickets")
    # The time before work began is no part of its pace.
    assert capsys.readouterr().out.splitlines() == [
        "scoring …",
        "scoring: 10%",
        "scoring: 60% 12 tickets, about 20 s left",
    ]


def test_progress_on_a_terminal_is_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with ShareProgress(Console(width=100, force_terminal=True), "scoring") as progress:
        progress.update(0.5, "12 tickets")
        assert progress.seconds >= 0
    assert "scoring" in capsys.readouterr().out


@pytest.mark.parametrize("terminal", [False, True])
def test_progress_shows_a_name_as_it_is(capsys: pytest.CaptureFixture[str], terminal: bool) -> None:
    console = Console(width=100, force_terminal=terminal, color_system=None)
    with ShareProgress(console, "reading a[x].csv") as progress:
        progress.update(0.5, "b[x]")
    said = capsys.readouterr().out
    assert "reading a[x].csv" in said
    assert ("b[x]" in said) == terminal
