"""Where corrections come from: files, and stores by URL, of which a file is made meanwhile."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tierline.serving.store.opening import open_store

_URL: Final = "://"


@contextmanager
def corrections_of(places: Sequence[str]) -> Iterator[list[Path]]:
    """Give the files with the corrections of all places, in order.

    What a store holds is written to a folder that only this user can read, and is gone at the
    end. Its file has a name of its own: the URL, which may hold a password, is told nowhere.

    Raises:
        StoreError: for a URL of another kind, or a store that is away or of another version.
    """
    with TemporaryDirectory(prefix="tierline-feedback-") as folder:
        yield [
            _from_store(place, Path(folder) / f"store-{number}.jsonl")
            if _URL in place
            else Path(place)
            for number, place in enumerate(places, start=1)
        ]


def _from_store(url: str, path: Path) -> Path:
    store = open_store(url)
    from tierline.serving.store.feedback import export

    try:
        store.check()
        with store.database.reading() as connection:
            export(connection, path)
    finally:
        store.database.close()
    return path
