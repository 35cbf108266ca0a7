"""Takes entries away whose jobs have ended while they waited: canceled, or too late.

A take would drop them as well, but until it comes to them they would fill the queue's bound and
stand before others in the line.
"""

from importlib.resources import files
from typing import Any, cast

from shared.container import Container
from shared.domain.names import GROUP, Keys
from shared.telemetry import counters

SLICE = 32
"""Redis copies each entry with its payload: 2 MiB at the very most, 2 ms."""

STREAMS = 100

ROUND_SECONDS = 0.2
REST = 20
"""After a look so many times its length: whoever cancels all the time costs Redis a twentieth."""


class LeftBehind:
    """One sweeper's share; looks into those streams only of which a job has just left."""

    def __init__(self, container: Container) -> None:
        self._redis = container.redis
        self._clock = container.clock
        self._keys = Keys(container.settings.key_prefix)
        script = files("shared.backlog").joinpath("clear_out.lua").read_text()
        self._clear_out = container.redis.register_script(script)
        self._from: dict[bytes, str] = {}
        self._next_at = 0.0

    def run(self) -> None:
        begun = self._clock.monotonic()
        if begun < self._next_at:
            return
        if not self._from:
            self._from = dict.fromkeys(self._marked(), "-")
        while self._from and self._clock.monotonic() - begun < ROUND_SECONDS:
            self._slice(next(iter(self._from)))
        self._next_at = begun + (1 + REST) * (self._clock.monotonic() - begun)

    def _slice(self, stream: bytes) -> None:
        arguments: list[str | int] = [GROUP, self._from[stream], SLICE]
        last, left = cast(Any, self._clear_out(keys=[stream], args=arguments))
        if left:
            counters.entries_left_behind.inc(left)
        if last:
            self._from[stream] = f"({last.decode()}"
        else:
            del self._from[stream]

    def _marked(self) -> list[bytes]:
        """Each is looked into by one sweeper."""
        return cast("list[bytes]", self._redis.spop(self._keys.left_behind, STREAMS))
