"""Signals as something to wait for: nothing is ever interrupted half way."""

import select
import signal
import socket
from types import FrameType
from typing import Any, Self


class StopRequested(Exception):
    """Ctrl-C, SIGTERM, or the terminal went away."""


class StopSignals:
    """While entered, stop signals are counted, and they and dying children end a `wait`."""

    def __init__(self) -> None:
        self.count = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._receiver, self._sender = socket.socketpair()
        self._receiver.setblocking(False)
        self._sender.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(self._sender.fileno(), warn_on_full_buffer=False)
        self._handle(signal.SIGCHLD, lambda number, frame: None)
        for number in (signal.SIGINT, signal.SIGTERM):
            self._handle(number, self._note)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup keeps its meaning
            self._handle(signal.SIGHUP, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._receiver.close()
        self._sender.close()

    def wait(self, seconds: float | None = None) -> None:
        """Comes back after a signal, or when the time is up."""
        if select.select([self._receiver], [], [], seconds)[0]:
            self._receiver.recv(4096)

    def _handle(self, number: int, handler: Any) -> None:
        self._before[number] = signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
