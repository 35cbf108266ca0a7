"""Makes `.venv` what a lock file says, then becomes the launcher in it.

Run by any Python >= 3.11 with the standard library alone: `python -m deploy.local.install LOCK …`.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

from deploy.local.children import die_with_parent
from deploy.local.environments import installing, making
from deploy.local.paths import ROOT
from deploy.local.pip_trouble import explain
from deploy.local.terminal import note
from shared.errors import StartupRefused

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = ("requirements.lock", "requirements-dev.lock")  # the second holds all of the first


def main(lock: str, arguments: list[str]) -> int:
    """Becomes the launcher when the installation stands; else 2, after a line that says why."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        with _alone() as guard:
            if not is_installed(lock):
                _install(lock, guard)
    except StartupRefused as refused:
        note(refused.detail)
        return 2
    except OSError as error:
        note(f"cannot install into {VENV}: {error.strerror or error}")
        return 2
    except KeyboardInterrupt:
        note("interrupted; the next ./run installs again")
        return 130
    else:
        os.execv(PYTHON, [str(PYTHON), "-P", "-m", "deploy.local", *arguments])  # noqa: S606


def is_installed(lock: str) -> bool:
    """A copy of the lock lies in the environment from the moment it is complete."""
    try:
        return stamp(lock).read_bytes() == (ROOT / lock).read_bytes() and PYTHON.exists()
    except OSError:
        return False


def stamp(lock: str) -> Path:
    return VENV / f".queuecast-{lock}"


@contextmanager
def _alone() -> Iterator[IO[bytes]]:
    """One installer at a time. Installers inherit the file: an orphan still keeps others out."""
    VENV.mkdir(exist_ok=True)
    with (VENV / ".queuecast-guard").open("ab") as guard:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note("another ./run is installing; waiting for it")
            fcntl.flock(guard, fcntl.LOCK_EX)
        yield guard


def _install(lock: str, guard: IO[bytes]) -> None:
    began, uv = time.monotonic(), shutil.which("uv")
    unfinished = VENV / ".queuecast-unfinished"
    start_over = unfinished.exists() or not _is_usable(uv)
    unfinished.touch()  # whoever finds it starts from nothing: half a package looks installed
    if start_over:
        _empty()
        _step(making(VENV, uv), guard, f"making .venv with Python {sys.version.split()[0]}")
    for name in LOCKS:
        stamp(name).unlink(missing_ok=True)
    packages = sum(line[:1].isalpha() for line in (ROOT / lock).read_text().splitlines())
    tool = "uv" if uv else "pip"
    command = installing(ROOT / lock, PYTHON, uv)
    _step(command, guard, f"installing {packages} packages of {lock} with {tool}")
    for name in LOCKS[: LOCKS.index(lock) + 1]:
        shutil.copyfile(ROOT / name, stamp(name))
    unfinished.unlink()
    note(f"installed in {time.monotonic() - began:.1f} s")


def _is_usable(uv: str | None) -> bool:
    """Whether the environment there runs, with a fitting Python, and can be installed into."""
    code = (
        f"import sys{'' if uv else ', pip'}; "
        "sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix)"
    )
    try:
        return not subprocess.run([PYTHON, "-c", code], capture_output=True, check=False).returncode
    except OSError:
        return False


def _empty() -> None:
    """Removes all but our own marks; what a killed ./run left running may still write for a bit."""
    deadline = time.monotonic() + 10
    for entry in VENV.iterdir():
        if entry.is_symlink() or entry.name == "pyvenv.cfg":
            entry.unlink()
        while entry.is_dir():
            shutil.rmtree(entry, ignore_errors=time.monotonic() < deadline)


def _step(command: list[str], guard: IO[bytes], what: str) -> None:
    """Runs a command whose output only matters when it fails."""
    note(f"{what} …")
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        pass_fds=(guard.fileno(),),
        start_new_session=True,
        preexec_fn=die_with_parent(),  # noqa: PLW1509 - one thread
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    try:
        output, _ = process.communicate()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if process.returncode:
        full = shutil.disk_usage(VENV).free < 1 << 20
        raise StartupRefused(f"{what}: {'the disk is full' if full else explain(output)}")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
