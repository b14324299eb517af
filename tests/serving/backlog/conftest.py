"""An object store, and a processor that passes for a GPU, for those tests that ask for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tierline.models.runtime import graph

if TYPE_CHECKING:
    from .object_store import Bucket


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """A bucket on a server of S3's protocol, for one test."""
    from .object_store import object_store

    with object_store(monkeypatch) as found:
        yield found


@pytest.fixture
def processor_as_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the processor's fp32 kernels compute what a GPU is asked for."""
    session = graph._session
    monkeypatch.setattr(graph, "gpu_session", lambda path: session(path, "CPUExecutionProvider"))
