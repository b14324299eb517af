"""Corrections straight from a store: as from its export, without its URL anywhere."""

import json
from pathlib import Path

import pytest

from tierline.data.errors import StoreError
from tierline.data.feedback import read_feedback
from tierline.data.quarantine import Quarantine
from tierline.serving.store.feedback import export
from tierline.serving.store.forms import CorrectionForm
from tierline.serving.store.setup import make
from tierline.serving.store.store import Store
from tierline.training import cli
from tierline.training.retraining.corrections import corrections_of
from tierline.training.retraining.outcome import Outcome

from .conftest import World

SECRET = "pa55word"  # noqa: S105


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store with two corrections of the corpus's tickets."""
    found = f"sqlite:///{tmp_path / 'store.db'}"
    store = Store(found, tmp_path / "spool")
    make(store.database)
    store.start(need=True)
    for name, severity in (("t0", "P4"), ("t1", "P1")):
        store.put_correction(CorrectionForm(ticket=name, severity=severity))
    store.close()
    return found


def test_a_store_gives_what_its_export_gives(url: str, tmp_path: Path) -> None:
    file = tmp_path / "by_hand.jsonl"
    store = Store(url)
    with store.database.reading() as connection:
        export(connection, file)
    with corrections_of([str(file), url]) as files, Quarantine(tmp_path / "q.jsonl") as quarantine:
        first, second = files
        assert (first, second.read_bytes()) == (file, file.read_bytes())
        assert second.parent.stat().st_mode & 0o077 == 0
        found = read_feedback(files, quarantine)
    assert [(c.row.ticket.id, c.row.labels["severity"]) for c in found] == [
        ("t0", "P4"), ("t0", "P4"), ("t1", "P1"), ("t1", "P1"),
    ]  # fmt: skip
    assert not second.parent.exists()
    assert quarantine.count == 0


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (f"postgresql://user:{SECRET}@127.0.0.1:1/none", r"postgresql.*user:\*\*\*@127"),
        (f"mysql://user:{SECRET}@host/none", "expected sqlite:///PATH"),
        ("sqlite:///none/there.db", "tierline store init"),
    ],
)
def test_a_store_that_cant_be_read_is_told_without_its_password(place: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught, corrections_of([place]):
        pass
    assert SECRET not in str(caught.value)


def test_retraining_learns_from_a_store(
    world: World, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes: list[Outcome] = []

    def retrain(job: object, _: object) -> Outcome:
        outcomes.append(world.retrain(sources=job.sources, suites=()))  # type: ignore[attr-defined]
        return outcomes[-1]

    monkeypatch.setattr("tierline.training.retraining.job.retrain", retrain)
    data = str(world.job.sources.data[0])
    for _ in range(2):  # the second time nothing is new, though the store's file is made anew
        with pytest.raises(SystemExit) as ended:
            cli.app(["retrain", "--data", data, "--feedback", url])
        assert ended.value.code in {0, 10}
    assert world.trainings == 1
    assert any("corrections: 2 with 2 labels" in note for note in outcomes[0].notes)
    recorded = "".join(
        path.read_text(errors="ignore") for path in world.folder.rglob("*") if path.is_file()
    )
    assert url not in recorded
    assert "store-1.jsonl" not in json.dumps(outcomes[0].notes)
