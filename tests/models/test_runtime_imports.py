"""Answering needs no training library and no extra: none is imported."""

import subprocess
import sys

PROGRAM = """
import sys
import tierline.serving.http.api, tierline.serving.commands, tierline.models.runtime
training = {"torch", "transformers", "sklearn", "mlflow"}
extras = {"jinja2", "babel", "apprise", "tenacity", "filelock", "sqlalchemy", "alembic"}
loaded = (training | extras) & sys.modules.keys()
assert not loaded, loaded
"""


def test_serving_imports_no_training_library() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
