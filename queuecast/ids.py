"""Ids of predictions, made here so that a request that is sent again is known as the same one."""

import os
import time


def new_id() -> str:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    number = milliseconds << 80 | 0x7 << 76 | (random >> 62 & 0xFFF) << 64
    number |= 0b10 << 62 | random & ((1 << 62) - 1)
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
