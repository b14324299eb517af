"""Nothing that scores or serves can unpickle: its sources don't ask for it, and no run does it.

What is in a bundle is looked at in `models/test_bundle`. Ray sends objects between its own
processes as it always does; no file is read so.
"""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tierline.training.pipeline import Trained

from .conftest import labelled_rows, write_rows

ROOT: Final = Path(__file__).parents[1]
SOURCES: Final = sorted(
    path for room in ("data", "models", "serving") for path in (ROOT / room / "tierline").rglob("*")
    if path.suffix == ".py"
)  # fmt: skip
MODULES: Final = {"pickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
#: Functions of any module that unpickle, whatever they are given.
UNPICKLING: Final = {"read_pickle", "unsafe_load", "full_load", "load_model"}
#: Those of a module that do unless they are told otherwise.
LOADING: Final = {"load", "load_all"}


def faults(source: str) -> Iterator[str]:
    """Yield what in a module can unpickle, with its line."""
    for node in ast.walk(ast.parse(source)):
        for name in named(node):
            if name.partition(".")[0] in MODULES:
                yield f"{node.lineno}: {name}"  # type: ignore[attr-defined]
        if isinstance(node, ast.Call) and unsafe(node):
            yield f"{node.lineno}: {ast.unparse(node.func)}"


def named(node: ast.AST) -> list[str]:
    """Return the modules that a node imports, by statement or by name."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        function = ast.unparse(node.func).rpartition(".")[2]
        return [str(node.args[0].value)] if function in {"import_module", "__import__"} else []
    return []


def unsafe(call: ast.Call) -> bool:
    module, _, function = ast.unparse(call.func).rpartition(".")
    told = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    if function in UNPICKLING:
        return True
    if function not in LOADING:
        return False
    if module in {"np", "numpy", ""}:
        return told.get("allow_pickle") != "False"
    if module == "yaml":
        return told.get("Loader") not in {"yaml.SafeLoader", "yaml.CSafeLoader"}
    return module == "torch"


def test_no_source_asks_for_it() -> None:
    found = {path: list(faults(path.read_text(encoding="utf-8"))) for path in SOURCES}
    assert {path: lines for path, lines in found.items() if lines} == {}
    assert ROOT / "models" / "tierline" / "models" / "runtime" / "predictor.py" in found


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import os, dill as d",
        "from joblib import load as get",
        "from shelve import open",
        "def f():\n    import marshal",
        "import_module('cloudpickle.cloudpickle')",
        "__import__('pickle')",
        "np.load(path)",
        "numpy.load(path, allow_pickle=True)",
        "load(path)",
        "yaml.load(text)",
        "yaml.load(text, Loader=yaml.Loader)",
        "yaml.unsafe_load(text)",
        "torch.load(path)",
        "pandas.read_pickle(path)",
        "mlflow.pyfunc.load_model(uri)",
    ],
)
def test_what_would_is_seen(source: str) -> None:
    assert len(list(faults(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import json",
        "np.load(path, allow_pickle=False)",
        "yaml.load(text, Loader=yaml.SafeLoader)",
        "yaml.safe_load(text)",
        "Bundle.load(folder)",
        "# import pickle",
    ],
)
def test_what_would_not_is_let_be(source: str) -> None:
    assert list(faults(source)) == []


#: Python itself tells of every class that is unpickled.
PROGRAM = """
import sys

heard = []

def refuse(event, arguments):
    if event == "pickle.find_class":
        heard.append(arguments[1:])
        raise RuntimeError(f"unpickled: {arguments[1:]}")

sys.addaudithook(refuse)

import json
import pickle
import time
from collections import OrderedDict
from pathlib import Path

try:
    pickle.loads(pickle.dumps(OrderedDict()))
except RuntimeError:
    heard.clear()
else:
    sys.exit("the hook hears nothing")

from fastapi.testclient import TestClient
from tierline.models.runtime.predictor import Predictor
from tierline.serving.commands import app
from tierline.serving.http.api import create_app
from tierline.serving.http.keys import ApiKeys
from tierline.serving.policy import load_policy

source, *bundles = sys.argv[1:]
for number, bundle in enumerate(bundles):
    out = f"{source}.{number}.jsonl"
    app(["score", source, "--out", out, "--model", bundle], standalone_mode=False)
    scored = [json.loads(line) for line in open(out, encoding="utf-8")]
    serving = create_app(load_policy(), lambda: Predictor.load(Path(bundle)), ApiKeys.parse(""))
    with TestClient(serving) as client:
        while client.get("/readyz").status_code != 200:
            time.sleep(0.01)
        tickets = [json.loads(line) for line in open(source, encoding="utf-8")]
        batch = {"tickets": [{"body": ticket["body"]} for ticket in tickets]}
        answers = client.post("/v1/route/batch", json=batch).json()["answers"]
    assert len(scored) == len(answers) == len(tickets)
    assert {answer["mode"] for answer in scored + answers} == {"full"}
print(json.dumps(heard), file=sys.stderr)
"""


def test_no_run_does_it(tmp_path: Path, trained: Trained, fast_bundle: Path) -> None:
    rows = [{"id": row["id"], "body": row["body"]} for row in labelled_rows()[:8]]
    source = write_rows(tmp_path / "in.jsonl", rows)
    bundles = [str(place.resolve()) for place in (trained.out, fast_bundle)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(source), *bundles],
        env={"PYTHONPATH": ":".join(sys.path), "PATH": "", "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stderr.splitlines()[-1]) == []
