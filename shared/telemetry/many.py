"""Many observations at once: what a batch brings costs little more than what one job would."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from prometheus_client import Histogram


def observe_all(histogram: Histogram, amounts: Sequence[float]) -> None:
    """The same as to observe each; `histogram` has its labels.

    One value in shared memory costs 1 µs to raise, and to observe raises two. Here every bucket is
    raised once, for all.
    """
    if not amounts:
        return
    bounds, waiting, begin = histogram._upper_bounds, sorted(amounts), 0
    histogram._sum.inc(sum(waiting))
    while begin < len(waiting):
        bucket = bisect_left(bounds, waiting[begin])
        end = bisect_right(waiting, bounds[bucket], begin)
        histogram._buckets[bucket].inc(end - begin)
        begin = end
