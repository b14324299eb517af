"""Spark answers through a registered pyfunc: a struct of columns in, a struct of answers out."""

import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import mlflow
import pandas as pd
import pytest

from tierline.data import Ticket
from tierline.models.runtime import Predictor
from tierline.serving.policy import load_policy
from tierline.serving.routing.router import Router
from tierline.training.pipeline import Trained

FILED = datetime(2025, 3, 10, 8)
COLUMNS = ("id", "body", "customer_tier", "attempts", "created_at", "stated_severity")
#: As a table has them: every column in every row, nothing where nothing is known.
ROWS: list[dict[str, Any]] = [
    dict(zip(COLUMNS, row, strict=True))
    for row in (
        ("a", "all our files were deleted", None, None, None, None),
        ("b", "please advise", "enterprise", 7, FILED, None),
        ("c", "the invoice charged my card twice", None, 1, None, "P1"),
    )
]
TYPES = (
    "id string, body string, customer_tier string, attempts int, created_at timestamp, "
    "stated_severity string"
)
RESULT = "id string, tier int, severity string, needs_review boolean, severity_confidence double"
ANSWERED = [column.split()[0] for column in RESULT.split(", ")]


def routed(predictor: Predictor) -> dict[str, dict[str, Any]]:
    """What the router answers to the rows, by id."""
    tickets = [Ticket(**{k: v for k, v in row.items() if v is not None}) for row in ROWS]
    answers = Router(load_policy(), predictor).route(tickets, datetime.now(UTC))
    return {str(a.id): {name: a.as_row()[name] for name in ANSWERED} for a in answers}


def test_every_field_of_a_frame_counts(store: None, trained: Trained, predictor: Predictor) -> None:
    """The frame is as Spark hands it over: NaN for no number, NaT for no time."""
    frame = pd.DataFrame(ROWS)
    assert frame["attempts"].dtype == "float64"
    assert frame["created_at"].isna().sum() == 2
    model = mlflow.pyfunc.load_model(f"models:/tierline/{trained.version}")
    answers = model.predict(frame)[ANSWERED].astype(object)
    found = answers.where(answers.notna(), None).to_dict(orient="records")
    assert {answer["id"]: answer for answer in found} == routed(predictor)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    sql = pytest.importorskip("pyspark.sql", reason="needs pyspark")
    if shutil.which("java") is None:
        pytest.skip("needs Java")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        session = (
            sql.SparkSession.builder.master("local[2]")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.session.timeZone", "UTC")
            .getOrCreate()
        )
        yield session
        session.stop()


@pytest.mark.filterwarnings("ignore")  # Spark's and MLflow's own
def test_spark_answers_as_the_router_does(
    store: None, trained: Trained, predictor: Predictor, spark: Any
) -> None:
    from pyspark.sql.functions import struct

    tickets = spark.createDataFrame([tuple(row.values()) for row in ROWS], TYPES).repartition(2)
    uri = f"models:/tierline/{trained.version}"
    route = mlflow.pyfunc.spark_udf(spark, uri, env_manager="local", result_type=RESULT)
    answered = tickets.select(route(struct(*tickets.columns)).alias("answer"))
    assert {row.answer.id: row.answer.asDict() for row in answered.collect()} == routed(predictor)
