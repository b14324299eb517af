"""Retrain every month in Airflow: promoted is success, not promoted is skipped, else failed."""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "tierline_retrain",
    schedule="30 3 1 * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
):
    BashOperator(
        task_id="retrain",
        bash_command=(
            "tierline retrain --data /data/tickets.parquet --feedback /data/corrections.jsonl"
            " --map body=description,issue_type=category --out /data/retrain"
        ),
        # A task that was cut off can run again as it is: the champion moves in the last step only.
        retries=2,
        retry_delay=timedelta(minutes=10),
        skip_on_exit_code=10,
        env={"MLFLOW_TRACKING_URI": "http://mlflow:5000"},
        append_env=True,
    )
