"""Monitor-only mode towards help desks: they hear what would be done, and set nothing."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tierline.data.helpdesk import Format
from tierline.serving.live.options import Live
from tierline.serving.store.setup import make
from tierline.serving.store.store import Store

from ..helpdesk.hooks import SECRETS, headers, sample
from .app import serving

#: Jira's sample was sent on a day that its hook takes for long ago.
DESKS = (Format.ZENDESK, Format.FRESHDESK)


class Told:
    """A notifier that only counts."""

    def __init__(self) -> None:
        self.times = 0

    def tell(self, *args: Any, **more: Any) -> None:
        self.times += 1

    def close(self) -> None:
        pass


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    at = f"sqlite:///{tmp_path / 'store.db'}"
    make(Store(at, tmp_path / "none").database)
    yield at


def answers(url: str, spool: Path, *, advice_only: bool) -> tuple[list[Any], int]:
    """Return what every desk hears, twice, and how often people were told."""
    found, told = list[Any](), Told()
    live = Live(advice_only=advice_only)
    more: Any = {"hooks": SECRETS, "store": Store(url, spool), "notifier": told}
    with serving(None, live=live, **more) as client:
        for desk in DESKS * 2:
            body = json.dumps(sample(desk)).encode()
            signed = headers(desk, body, at=datetime.now(UTC))
            answer = client.post(f"/v1/hooks/{desk}", content=body, headers=signed)
            assert answer.status_code == 200
            assert answer.headers["X-Tierline-Store"] == "on"
            assert answer.headers.get("X-Tierline-Advice") == ("only" if advice_only else None)
            found.append(answer.json())
    return found, told.times


def test_a_desk_hears_the_tier_and_sets_nothing(url: str, tmp_path: Path) -> None:
    advised, told = answers(url, tmp_path / "spool", advice_only=True)
    assert [(one["tier"], one["set"], one["store"]) for one in advised] == [(3, {}, "on")] * 4
    assert all(one["reasons"][0]["rule"].startswith("safety.") for one in advised)
    assert told == 0
    # What was only advice doesn't stay so: once answers count, an event that comes again is set.
    acted, told = answers(url, tmp_path / "spool", advice_only=False)
    assert [one["tier"] for one in acted] == [3] * 4
    assert all("tier_3" in json.dumps(one["set"]) for one in acted)
