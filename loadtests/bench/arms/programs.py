"""Starting and stopping the processes of an arm."""

import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.local.children import Child, Program
from deploy.local.exits import last_line
from loadtests.bench.errors import ArmFailed
from loadtests.bench.http_client import Address

LOOPBACK = "127.0.0.1"
READY_SECONDS = 90.0
STOP_SECONDS = 30.0


@contextmanager
def running(program: Program) -> Iterator[Child]:
    """The program, asked to stop at the end, and killed when it does not."""
    child = Child(program)
    try:
        yield child
    finally:
        child.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        while child.exit_code() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        child.kill()


def python(
    name: str, *arguments: str, log: Path, environment: Mapping[str, str], interpreter: str = ""
) -> Program:
    """A Python program, by default in our own environment."""
    command = (interpreter or sys.executable, *arguments)
    return Program(name, name, command, environment, log)


def free_address() -> Address:
    """A port that nobody listens on now."""
    with socket.create_server((LOOPBACK, 0)) as free:
        return Address(LOOPBACK, free.getsockname()[1])


def listens(address: Address) -> bool:
    try:
        with socket.create_connection((address.host, address.port), timeout=1):
            return True
    except OSError:
        return False


def until(condition: Callable[[], bool], child: Child, log: Path) -> None:
    """Waits for an arm to be ready; raises ArmFailed when it ends or takes too long."""
    deadline = time.monotonic() + READY_SECONDS
    while not condition():
        if child.exit_code() is not None or time.monotonic() > deadline:
            raise ArmFailed(f"{log.stem} did not become ready: {last_line(log)} (log: {log})")
        time.sleep(0.05)
