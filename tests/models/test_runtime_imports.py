"""Answering needs no training library: none is imported."""

import subprocess
import sys

PROGRAM = """
import sys
import tierline.serving.http.api, tierline.serving.commands, tierline.models.runtime
unwanted = {"torch", "transformers", "sklearn", "mlflow", "sqlalchemy", "alembic"}
loaded = unwanted & sys.modules.keys()
assert not loaded, loaded
"""


def test_serving_imports_no_training_library() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
