"""A circuit breaker: after a failure Redis is left alone for a while, so no request pays twice."""

from shared.clock import Clock

OPEN_SECONDS = 5.0


class Breaker:
    """Open for `OPEN_SECONDS` after a failure; while open nothing is tried."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._closed_from = 0.0

    @property
    def is_open(self) -> bool:
        return self._clock.monotonic() < self._closed_from

    def trip(self) -> None:
        self._closed_from = self._clock.monotonic() + OPEN_SECONDS
