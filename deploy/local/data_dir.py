"""The data directory: what lies where, who owns it, and what is running over it."""

import base64
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.paths import ROOT
from shared.errors import StartupRefused

DATA_DIR_HELP = "where everything is kept (default: QUEUECAST_DATA_DIR, else ./data)"


@dataclass(frozen=True, slots=True)
class DataDir:
    """queuecast.db, blobs/, redis/, logs/ and more (see docs/5-run-it.md); its owner's alone."""

    path: Path

    @classmethod
    def chosen(cls, path: str | None) -> "DataDir":
        """The one named, else QUEUECAST_DATA_DIR, else `data` in the checkout."""
        named = path or os.environ.get("QUEUECAST_DATA_DIR")
        return cls(Path(named).absolute() if named else ROOT / "data")

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.path / 'queuecast.db'}"

    @property
    def redis(self) -> Path:
        return self.path / "redis"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics"

    def alive(self, name: str) -> Path:
        """What the process of this name renews while it works."""
        return self.path / "alive" / name

    def log(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"

    def prepare(self) -> None:
        """Makes the folders; metrics start empty, each log keeps one older copy."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.rmtree(self.metrics, ignore_errors=True)
        for name in ("alive", "blobs", "redis", "logs", "metrics"):
            (self.path / name).mkdir(exist_ok=True)
        self._make_key()
        for log in (self.path / "logs").glob("*.log"):
            log.replace(log.with_suffix(".log.1"))

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Owns the directory meanwhile. Raises StartupRefused when another launcher does."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.path / "run.lock").open("w") as file:
            if not _lock(file.fileno(), fcntl.LOCK_EX, tries=3):
                raise StartupRefused(self._whose())
            try:
                yield
            finally:
                self._run_file.unlink(missing_ok=True)

    def note_running(self, state: dict[str, Any]) -> None:
        """Replaces run.json; it may hold passwords, so only the owner reads it."""
        draft = self._run_file.with_suffix(".draft")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            json.dump(state, file)
        draft.replace(self._run_file)

    def running(self) -> dict[str, Any] | None:
        """What `note_running` was told by a launcher that is still alive."""
        try:
            with (self.path / "run.lock").open() as file:
                if _lock(file.fileno(), fcntl.LOCK_SH, tries=1):
                    return None
            state: dict[str, Any] = json.loads(self._run_file.read_text())
        except (OSError, ValueError):
            return None
        return state

    def _make_key(self) -> None:
        """The Fernet key of a data directory that has none: it encrypts what SQL keeps secret."""
        with suppress(FileExistsError):
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
            with os.fdopen(os.open(self.path / "secrets.key", flags, 0o600), "wb") as file:
                file.write(base64.urlsafe_b64encode(os.urandom(32)))

    @property
    def _run_file(self) -> Path:
        return self.path / "run.json"

    def _whose(self) -> str:
        state = self.running() or {}
        about = f" (pid {state['pid']}, {state['api_url']})" if state else ""
        return (
            f"another ./run is running over {self.path}{about}; stop it or take another --data-dir"
        )


def _lock(descriptor: int, kind: int, *, tries: int) -> bool:
    """False when someone else holds it. Asking for the status takes it for a moment: try again."""
    for left in reversed(range(tries)):
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05 if left else 0)
        else:
            return True
    return False
