"""Champions and the way back."""

from pathlib import Path

import pytest

from tierline.data.errors import ModelNotFoundError
from tierline.serving.model_source import REGISTERED_NAME
from tierline.training.retraining import registry
from tierline.training.retraining.registry import promote, rollback


@pytest.fixture
def four(own_store: Path) -> None:
    client = registry.client()
    client.create_registered_model(REGISTERED_NAME)
    for _ in range(4):
        client.create_model_version(REGISTERED_NAME, str(own_store))


def test_rollbacks_walk_back(four: None) -> None:
    with pytest.raises(ModelNotFoundError, match="expected a champion to go back from"):
        rollback()
    for version in ("1", "3", "3", "2", "4"):
        promote(version)
    walked = [rollback() for _ in range(3)]
    assert [(m.before, m.after) for m in walked] == [("4", "2"), ("2", "3"), ("3", "1")]
    with pytest.raises(ModelNotFoundError, match="before version 1; found none: nothing to go"):
        rollback()
    assert registry.champion() == "1"
    assert promote().after == "4"
    assert rollback().after == "1"


def test_interrupted_steps_spoil_no_history(four: None) -> None:
    promote("1")
    promote("2")
    move = "mlflow.MlflowClient.set_registered_model_alias"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(move, lambda *_: 1 / 0)
        for step in (promote, rollback):
            with pytest.raises(ZeroDivisionError):
                step()
    assert registry.champion() == "2"
    with pytest.MonkeyPatch.context() as patch:
        remember, calls = registry._remember, iter([1, 0])
        patch.setattr(registry, "_remember", lambda kept: (1 / next(calls), remember(kept)))
        with pytest.raises(ZeroDivisionError):
            rollback()
    assert registry.champion() == "1"
    with pytest.raises(ModelNotFoundError, match="nothing to go back to"):
        rollback()


def test_a_deleted_champion_is_passed_over(four: None) -> None:
    for version in ("1", "2", "3"):
        promote(version)
    registry.client().delete_model_version(REGISTERED_NAME, "2")
    assert rollback().after == "1"
