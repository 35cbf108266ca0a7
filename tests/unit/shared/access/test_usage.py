import math

from hypothesis import given
from hypothesis import strategies as some

from shared.access.usage import seconds_until

WINDOW = 100.0


def used(previous: int, previous_ends_in: float, current: int, after: float) -> int:
    """What a window of 100 s holds `after` seconds when nothing more comes: the library's rule."""
    if after < previous_ends_in:
        return math.floor(previous * (previous_ends_in - after) / WINDOW) + current
    left = max(0.0, previous_ends_in + WINDOW - after)
    return math.floor(current * left / WINDOW)


@given(
    fits_at=some.integers(0, 50),
    previous=some.integers(0, 50),
    current=some.integers(0, 50),
    ends_in=some.floats(0.1, 99.9),
)
def test_after_that_time_it_fits_and_not_much_sooner(
    fits_at: int, previous: int, current: int, ends_in: float
) -> None:
    seconds = seconds_until(
        fits_at, previous, ends_in, current, ends_in + WINDOW, window_seconds=WINDOW
    )
    assert used(previous, ends_in, current, seconds + 1e-6) <= fits_at
    if used(previous, ends_in, current, 0.0) > fits_at:
        # The library rounds down: it may fit up to one unit earlier.
        unit = WINDOW / max(1, current if current > fits_at else previous)
        assert used(previous, ends_in, current, max(0.0, seconds - unit - 1e-6)) >= fits_at
    assert 0 <= seconds <= 2 * WINDOW
