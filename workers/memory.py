"""How a worker's memory for large arrays is kept: given back late, so that it is not cleared anew.

glibc hands every block above 128 KiB back to the kernel when it is freed and asks for a fresh one
at the next array, page by page, each one zeroed. A preprocess worker on pictures of 224 x 224 spent
a third of its time there.
"""

import ctypes
from contextlib import suppress

KEPT_BYTES = 256 << 20
"""So much that is free stays with the process."""

OWN_BLOCK_BYTES = 64 << 20
"""Arrays from here on still get a block of their own, and give it back at once."""

_TRIM_THRESHOLD = -1  # of malloc.h
_MMAP_THRESHOLD = -3


def keep_freed_memory() -> None:
    """Where the C library is not glibc, everything stays as it is."""
    with suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(_MMAP_THRESHOLD, OWN_BLOCK_BYTES)
