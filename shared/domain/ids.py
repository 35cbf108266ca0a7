"""Job ids: UUIDs. Ours are version 7 (RFC 9562), so that they sort by time."""

import os
import re
import threading
import time

_UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
_lock = threading.Lock()
_last = 0


def new_job_id() -> str:
    """A UUIDv7; ids of one process are strictly increasing.

    48 bits of milliseconds, then the 74 free bits as a counter that starts at random in each
    millisecond (RFC 9562, section 6.2, method 2).
    """
    global _last
    with _lock:
        fresh = (time.time_ns() // 1_000_000) << 74 | int.from_bytes(os.urandom(9)) << 1
        _last = fresh if fresh > _last else _last + 1
        value = _last
    milliseconds, random = value >> 74, value & ((1 << 74) - 1)
    number = milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62
    digits = f"{number | random & ((1 << 62) - 1):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def parse_job_id(text: str) -> str | None:
    """The canonical form of any UUID in its usual 36 characters, else None."""
    lowered = text.lower()
    return lowered if _UUID.match(lowered) else None
