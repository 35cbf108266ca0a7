"""Job ids: UUIDs. Ours are version 7 (RFC 9562), so that they sort by time."""

import os
import re
import threading
import time
from io import BytesIO

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_lock = threading.Lock()
_last = 0
_random = BytesIO()


def new_job_id() -> str:
    """A UUIDv7; ids of one process are strictly increasing.

    48 bits of milliseconds, then the 74 free bits as a counter that starts at random in each
    millisecond (RFC 9562, section 6.2, method 2).
    """
    global _last
    with _lock:
        fresh = (time.time_ns() // 1_000_000) << 74 | int.from_bytes(_random_bytes()) << 1
        _last = fresh if fresh > _last else _last + 1
        value = _last
    milliseconds, random = value >> 74, value & ((1 << 74) - 1)
    number = milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62
    digits = f"{number | random & ((1 << 62) - 1):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _random_bytes() -> bytes:
    """Nine bytes of the system's randomness, fetched in bulk.

    A system call for each id gives the interpreter lock away: under load the API's event loop
    waited 9 % of its time to get it back.
    """
    global _random
    found = _random.read(9)
    if len(found) < 9:
        _random = BytesIO(os.urandom(9 * 256))
        found = _random.read(9)
    return found


def parse_job_id(text: str) -> str | None:
    """The canonical form of any UUID in its usual 36 characters, else None."""
    lowered = text.lower()
    return lowered if _UUID.fullmatch(lowered) else None
