"""Many observations at once: what a batch brings costs little more than what one job would."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from prometheus_client import Histogram


def observe_all(histogram: Histogram, amounts: Sequence[float]) -> None:
    """The same as to observe each; `histogram` has its labels.

    One value in shared memory costs 1 µs to raise, and to observe raises two. Here every bucket is
    raised once, for all.
    """
    if not amounts:
        return
    bounds = histogram._upper_bounds
    histogram._sum.inc(sum(amounts))
    for position, number in Counter(bisect_left(bounds, one) for one in amounts).items():
        histogram._buckets[position].inc(number)
