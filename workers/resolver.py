"""Names become addresses in threads: a name server that does not answer holds some, never all."""

import asyncio
import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

THREADS = 32

PATIENCE = "timeout:2 attempts:2"
"""What the system's own resolver is asked for, in place of half a minute for each name."""

POLL_SECONDS = 0.02

Resolve = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host, as the system knows them; blocks, raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def be_impatient() -> None:
    """From now on a name server has some seconds, unless the environment says otherwise."""
    os.environ.setdefault("RES_OPTIONS", PATIENCE)


class Resolver:
    """A tenant may hold as many threads as are free: there is always one for another tenant.

    Who gives up waiting leaves its thread to its name server; it counts until it has come back.
    """

    def __init__(self, resolve: Resolve = resolve, threads: int = THREADS) -> None:
        self._resolve = resolve
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, "resolver")
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()

    async def addresses(self, tenant: str, host: str, port: int) -> Sequence[str]:
        """Waits for a thread, as long as the caller does; raises OSError."""
        while not self._take(tenant):  # noqa: ASYNC110 - given back by threads, also of other loops
            await asyncio.sleep(POLL_SECONDS)
        future = self._pool.submit(self._resolve, host, port)
        future.add_done_callback(lambda _: self._give_back(tenant))
        return await asyncio.wrap_future(future)

    def _take(self, tenant: str) -> bool:
        with self._lock:
            has_room = self._held[tenant] < self._threads - self._held.total()
            self._held[tenant] += has_room
            return has_room

    def _give_back(self, tenant: str) -> None:
        with self._lock:
            self._held[tenant] -= 1
            self._held += Counter()  # without those who hold none
