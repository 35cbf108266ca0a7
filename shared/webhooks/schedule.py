"""When a delivery that failed is tried again, and when no more."""

import random
from datetime import timedelta

MINUTE, HOUR = 60, 3600

PAUSES_SECONDS = (
    5, 5 * MINUTE, 30 * MINUTE,
    2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR,
)  # fmt: skip
"""After the first failure, the second, …; after the last of them a delivery has failed."""

JITTER = 0.2
RETRY_AFTER_MAX_SECONDS = 24.0 * HOUR

DISABLED_AFTER = timedelta(days=5)
"""An endpoint that has failed for so long without a success is called no more."""

_random = random.SystemRandom()


def pause_seconds(failures: int, retry_after_seconds: float | None = None) -> float | None:
    """How long to wait after so many failures; None when that was the last try.

    A receiver may ask for a longer pause, of a day at most, never for a shorter one.
    """
    if failures > len(PAUSES_SECONDS):
        return None
    pause = PAUSES_SECONDS[failures - 1] * _random.uniform(1 - JITTER, 1 + JITTER)
    asked = min(retry_after_seconds or 0.0, RETRY_AFTER_MAX_SECONDS)
    return max(pause, asked)
