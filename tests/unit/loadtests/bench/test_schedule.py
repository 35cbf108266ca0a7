import time
from itertools import pairwise

import pytest
import uvloop

from loadtests.bench.schedule import arrivals


async def collect(count, per_second, busy_seconds=0.0):
    found = []
    async for number, due in arrivals(count, per_second):
        found.append((number, due, time.perf_counter()))
        time.sleep(busy_seconds)  # noqa: ASYNC251 - a loop that is late
    return found


def test_requests_are_due_at_even_distances():
    found = uvloop.run(collect(20, 200))
    assert [number for number, *_ in found] == list(range(20))
    assert all(b - a == pytest.approx(0.005) for (_, a, _), (_, b, _) in pairwise(found))


def test_none_is_sent_before_it_is_due():
    assert all(sent >= due for _, due, sent in uvloop.run(collect(20, 1000)))


def test_the_schedule_does_not_wait_for_a_late_sender():
    found = uvloop.run(collect(10, 1000, busy_seconds=0.004))
    assert found[-1][1] - found[0][1] == pytest.approx(0.009)
    assert found[-1][2] - found[-1][1] > 0.02
