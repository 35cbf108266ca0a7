"""The proxy's other end: how it is started, and told what to do."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local.children import die_with_parent
from deploy.local.paths import ROOT


class Link:
    """The network between a system and one of its servers; `port` is where it listens."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        if process.stdin is None or process.stdout is None:
            raise TypeError("the proxy needs pipes")
        self._orders = process.stdin
        self.port = int(process.stdout.readline())

    def tell(self, order: str) -> None:
        """See `loadtests.chaos.proxy`."""
        self._orders.write(f"{order}\n")
        self._orders.flush()

    @contextmanager
    def being(self, order: str) -> Iterator[None]:
        """Bad while the block runs, well after it."""
        self.tell(order)
        try:
            yield
        finally:
            self.tell("pass")


@contextmanager
def link_to(socket_path: str) -> Iterator[Link]:
    """Stands between callers and a server on a Unix socket, which may come and go."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "loadtests.chaos.proxy", socket_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        preexec_fn=die_with_parent(),  # noqa: PLW1509 - nothing else runs yet
    )
    try:
        yield Link(process)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
