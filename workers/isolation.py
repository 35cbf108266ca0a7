"""Who may run beside whom: batches share a process, a suspect has it for itself."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Isolation:
    """A lock that many share or one holds; whoever wants it alone goes before new sharers."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._sharers = 0
        self._alone = False
        self._waiting_alone = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        with self._condition:
            self._condition.wait_for(lambda: not self._alone and not self._waiting_alone)
            self._sharers += 1
        try:
            yield
        finally:
            with self._condition:
                self._sharers -= 1
                self._condition.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._condition:
            self._waiting_alone += 1
            self._condition.wait_for(lambda: not self._alone and not self._sharers)
            self._waiting_alone -= 1
            self._alone = True
        try:
            yield
        finally:
            with self._condition:
                self._alone = False
                self._condition.notify_all()
