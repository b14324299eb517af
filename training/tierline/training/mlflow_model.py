"""The pyfunc that MLflow stores as code: a data frame of tickets in, recommendations out.

MLflow runs this file when it loads a registered model; Tierline must be installed there.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd

from tierline.data.columns import ColumnMap
from tierline.data.rows import to_row
from tierline.models.runtime.predictor import Predictor
from tierline.serving.backlog.writers import COLUMNS, flat
from tierline.serving.policy import load_policy
from tierline.serving.routing.router import Router


class TierlineModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Routes tickets with the bundle that was logged and the default policy."""

    def load_context(self, context: Any) -> None:
        """Load the bundle; called once by MLflow."""
        bundle = Path(context.artifacts["bundle"])
        self.router = Router(load_policy(), Predictor.load(bundle))

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return one row per ticket, with the columns that ``tierline score`` writes.

        Raises:
            RowError: when any row is unusable: a frame has no quarantine, and an answer of
                nothing would pass for one.
        """
        columns = ColumnMap.resolve([str(c) for c in model_input.columns], {})
        # Of what pandas has for nothing, a row knows None and NaN, but neither NaT nor NA.
        cells = model_input.astype(object)
        records = cells.where(cells.notna(), None).to_dict(orient="records")
        rows = [to_row(i, record, columns) for i, record in enumerate(records, start=1)]
        answers = self.router.route([row.ticket for row in rows], datetime.now(UTC))
        return pd.DataFrame([flat(a) for a in answers], columns=list(COLUMNS))


mlflow.models.set_model(TierlineModel())
