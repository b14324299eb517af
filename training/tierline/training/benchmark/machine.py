"""What a benchmark ran on: processor, threads, and the versions of the libraries."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

_LIBRARIES: Final = (
    "tierline",
    "torch",
    "transformers",
    "scikit-learn",
    "onnxruntime",
    "onnxruntime-gpu",
    "setfit",
    "sentence-transformers",
    "accelerate",
)
_CPUINFO: Final = Path("/proc/cpuinfo")


def environment() -> dict[str, str]:
    """Return the processor, the GPU where torch uses one, and the versions that are installed."""
    found = {"processor": processor(), "python": platform.python_version()}
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        found["GPU"] = torch.cuda.get_device_name()
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def processor() -> str:
    """Return the processor's name, the number of cores, and a limit on threads where one is set."""
    name = platform.processor() or platform.machine()
    if _CPUINFO.exists():
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
        names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        name = next(names, name)
    limit = os.environ.get("OMP_NUM_THREADS")
    threads = f", OMP_NUM_THREADS={limit}" if limit else ""
    return f"{name}, {os.cpu_count()} cores{threads}"
