"""An object store for those tests that ask for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .object_store import Bucket


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """A bucket on a server of S3's protocol, for one test."""
    from .object_store import object_store

    with object_store(monkeypatch) as found:
        yield found
