"""How many cores this process may use: of the machine, of its affinity, of its container."""

import math
import os
from pathlib import Path
from typing import Final

_CGROUP_QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")


def usable_cores(quota_file: Path = _CGROUP_QUOTA) -> int:
    """Return how many threads can compute at a time, at least 1.

    That is the cores that the process may run on, or less where a container's quota (cgroup v2)
    gives less time than that.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(cores, _quota(quota_file, cores)))


def threads_for(workers: int) -> int:
    """Return how many threads each of several processes should compute on."""
    return max(1, usable_cores() // workers)


def _quota(file: Path, cores: int) -> int:
    """Return how many cores' worth of time the quota allows, rounded up; all without one."""
    try:
        quota, period = file.read_text(encoding="ascii").split()
        return cores if quota == "max" else math.ceil(int(quota) / int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return cores
