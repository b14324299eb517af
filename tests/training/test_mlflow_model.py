"""The registered pyfunc: a data frame's tickets are answered in the cells that `score` writes."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tierline.data.errors import RowError
from tierline.data.readers import TicketFile
from tierline.serving.backlog.scoring import score
from tierline.serving.policy import load_policy
from tierline.serving.routing.router import Router
from tierline.training.mlflow_model import TierlineModel

#: Columns that depend on the clock, which each batch has of its own.
CLOCKED = {"respond_by", "resolve_by", "next_review_at"}
FRAME = pd.DataFrame({"id": ["a", "b"], "body": ["all files were deleted in Köln", "please help"]})


@pytest.fixture
def model() -> Any:
    """The pyfunc with the rules alone."""
    made = TierlineModel()
    made.router = Router(load_policy())
    return made


def test_the_cells_are_those_of_an_answer_file(model: Any, tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "in.csv", index=False)
    out = tmp_path / "out.csv"
    score(TicketFile(tmp_path / "in.csv"), out, model.router, datetime.now(UTC), lambda *_: None)
    answers = model.predict(None, FRAME)
    # As csv writes them: nothing for None, and every other value as its own text.
    found = answers.astype(object).where(answers.notna(), "").astype(str).to_dict("records")
    with out.open(encoding="utf-8", newline="") as file:
        for answer, written in zip(found, csv.DictReader(file), strict=True):
            assert set(answer) == set(written)
            kept = set(answer) - CLOCKED
            assert {name: answer[name] for name in kept} == {name: written[name] for name in kept}


def test_an_unusable_row_ends_the_frame(model: Any) -> None:
    frame = FRAME.assign(attempts=[1, -1])
    with pytest.raises(RowError, match="attempts: "):
        model.predict(None, frame)
