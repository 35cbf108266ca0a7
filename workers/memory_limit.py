"""The memory of a worker process: above four fifths of its limit it is replaced, beyond fails.

What takes the process beyond the limit meets an error, so a model that asks for ever more fails its
job instead of having the kernel kill the worker, or somebody else.
"""

import os
import resource
from contextlib import suppress
from pathlib import Path

import structlog

log = structlog.get_logger()

EXIT_STATUS = 76
"""Of a worker that has grown too large: it finished what it ran, and is to be started again."""

SHARE = 0.8

_CGROUPS = ("memory.max", "memory/memory.limit_in_bytes")


def available_bytes(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """The container's limit, else the machine's memory."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in _CGROUPS:
        with suppress(OSError, ValueError):  # not this version of cgroups, or "max"
            limits.append(int((cgroup / name).read_text()))
    return min(limits)


def used_bytes() -> int:
    """What this process has in memory of its own; 0 where that cannot be told."""
    return _status().get("RssAnon", 0)


class MemoryLimit:
    """Of this process: `limit_bytes`, 0 for what the container or machine has."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes or available_bytes()
        self._too_low = False

    def bind(self) -> None:
        """From now on no allocation takes the process beyond the limit, where the system can do so.

        The kernel counts what is reserved, not what is used, so what is only reserved by now is
        allowed on top of it.
        """
        status = _status()
        if not status:
            return
        reserved = max(0, status["VmData"] - status["RssAnon"])
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = self._limit + reserved
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))

    def begin(self) -> None:
        """The models are loaded: what is reserved by now is known, and the threads are there.

        A limit that does not hold as much as that would replace the process for ever.
        """
        self.bind()
        if used_bytes() > SHARE * self._limit:
            self._too_low = True
            log.error("memory_limit_too_low", used=used_bytes(), limit=self._limit)

    @property
    def is_reached(self) -> bool:
        """Whether this process should make room for another."""
        return not self._too_low and used_bytes() > SHARE * self._limit


def _status() -> dict[str, int]:
    """Bytes by the names of proc(5); empty where there is no such file."""
    found: dict[str, int] = {}
    with suppress(OSError), Path("/proc/self/status").open() as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name in ("RssAnon", "VmData"):
                found[name] = int(value.split()[0]) * 1024
    return found
