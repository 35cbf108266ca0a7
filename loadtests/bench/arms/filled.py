"""Queuecast over a database that holds many jobs already."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loadtests.bench import loads
from loadtests.bench.arms.arm import Service
from loadtests.bench.arms.queuecast import Queuecast
from loadtests.bench.ledger import database_of
from loadtests.bench.many_rows import fill
from loadtests.bench.questions import wine

COPIED = range(10**9, 10**9 + 100)
"""Numbers of wines that no scenario reaches."""


@dataclass(frozen=True)
class Filled:
    """Its data folder lies in `kept`: filled at the first start, gone on with at later ones."""

    rows: int
    kept: Path

    @property
    def name(self) -> str:
        return name_of(self.rows)

    @contextmanager
    def running(self, folder: Path) -> Iterator[Service]:
        home = self.kept / f"rows-{self.rows}"
        if not home.exists():
            self._fill(home)
        # What Redis kept of an earlier round would answer from the cache.
        shutil.rmtree(home / "data" / "redis", ignore_errors=True)
        with Queuecast(self.name.replace(" ", "-")).running(home) as service:
            yield service

    def _fill(self, home: Path) -> None:
        draft = home.with_suffix(".draft")
        draft.mkdir(parents=True)
        with Queuecast("filling").running(draft) as service:
            ways, address = service.dialect, service.address
            submits = [ways.submit(address, "wine", wine(n)) for n in COPIED]
            loads.closed_loop(service, submits, 16)
        fill(database_of(draft / "data"), self.rows)
        draft.rename(home)


def name_of(rows: int) -> str:
    return f"queuecast, {rows:,} rows"


def rows_of(name: str) -> int:
    """The inverse of `name_of`."""
    return int(name.removeprefix("queuecast, ").removesuffix(" rows").replace(",", ""))
