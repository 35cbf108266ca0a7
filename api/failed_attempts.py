"""How often an address came with a key that opens nothing, so that guessing costs us little."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from shared.clock import Clock

ALLOWED = 20
WINDOW_SECONDS = 60
KEPT = 10_000


@dataclass(slots=True)
class _Window:
    ends_at: float
    failures: int = 0


class FailedAttempts:
    """Of one process. Addresses are forgotten when their minute is over, the oldest before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def blocked_seconds(self, address: str) -> float:
        """How long this address may not try another key; 0 when it may."""
        window = self._windows.get(_source(address))
        if window is None or window.failures < ALLOWED:
            return 0.0
        return max(0.0, window.ends_at - self._clock.monotonic())

    def note(self, address: str) -> None:
        source, now = _source(address), self._clock.monotonic()
        window = self._windows.get(source)
        if window is None or window.ends_at <= now:
            self._windows.pop(source, None)
            while len(self._windows) >= KEPT:
                self._windows.pop(next(iter(self._windows)))
            window = self._windows[source] = _Window(now + WINDOW_SECONDS)
        window.failures += 1


def _source(address: str) -> str:
    """Whoever has one IPv6 address has the 2^64 beside it."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped or ip_network((parsed, 64), strict=False))
    return str(parsed)
