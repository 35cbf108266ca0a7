"""How many cores this process may use: the container's limit, not the machine's."""

import os
from pathlib import Path

_QUOTA_V2 = Path("/sys/fs/cgroup/cpu.max")


def available_cores(quota_file: Path = _QUOTA_V2) -> int:
    """The least of the affinity mask and the cgroup quota; at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        quota, period = quota_file.read_text().split()
        if quota != "max":
            cores = min(cores or 1, int(quota) // int(period))
    except (OSError, ValueError):
        pass  # no cgroup v2 here: the mask is all there is to know
    return max(1, cores or 1)
