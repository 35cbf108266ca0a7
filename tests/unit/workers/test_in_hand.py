from unittest.mock import Mock

import pytest
import redis

from shared.backlog.backlogs import Take
from workers.in_hand import LOOK_AGAIN_SECONDS, InHand


@pytest.fixture
def jobs(add):
    return [add(), add(), add()]


@pytest.fixture
def take(jobs, backlogs, clock) -> InHand:
    return InHand(Take(1000.0, jobs), backlogs, clock)


def test_a_fresh_take_is_not_looked_at_again(take, jobs, backlogs) -> None:
    backlogs.ended = {jobs[0].entry.id}
    assert take.still_owed(jobs) == jobs
    assert take.at == 1000.0


def test_an_older_one_is(take, jobs, backlogs, clock) -> None:
    backlogs.ended = {jobs[1].entry.id}
    clock.advance(LOOK_AGAIN_SECONDS)
    assert take.still_owed(jobs) == [jobs[0], jobs[2]]
    assert take.at == 1000.0 + LOOK_AGAIN_SECONDS


def test_it_is_as_old_as_the_oldest_of_it(backlogs, clock, jobs) -> None:
    newer = jobs[0]._replace(entry_id=b"999500-0")
    ahead = jobs[0]._replace(entry_id=b"9000000-0")
    ages = [
        InHand(Take(1000.0, taken), backlogs, clock).age_seconds
        for taken in ([newer, jobs[1]], [newer], [ahead], [])
    ]
    assert ages == [2.0, 0.5, 0.0, 0.0]


@pytest.mark.parametrize(
    ("rows", "crashes", "may"),
    [((1, 1), 0, True), ((1, 2), 0, False), ((1, 1), 1, False), ((), 0, False)],
)
def test_only_what_has_room_and_no_suspect_waits_for_more(
    add, backlogs, clock, rows, crashes, may
) -> None:
    taken = [add(bytes(10), rows=count, crashes=crashes) for count in rows]
    assert InHand(Take(1000.0, taken), backlogs, clock).may_grow(3, 100) is may


def test_what_is_heavy_enough_waits_for_nothing(add, backlogs, clock) -> None:
    take = InHand(Take(1000.0, [add(bytes(10), stored_bytes=90)]), backlogs, clock)
    assert take.may_grow(3, 101)
    assert not take.may_grow(3, 100)


def test_what_is_added_brings_the_time_along(take, jobs, add) -> None:
    more = add(rows=4)
    take.add(Take(1000.5, [more]))
    assert (take.at, take.taken, take.rows) == (1000.5, [*jobs, more], 7)


def test_nothing_is_not_asked_for(take, backlogs, clock) -> None:
    clock.advance(LOOK_AGAIN_SECONDS)
    assert take.still_owed([]) == []
    assert backlogs.looks == 0


def test_it_is_wanted_as_long_as_one_of_it_is_owed(take, jobs, backlogs) -> None:
    backlogs.ended = {one.entry.id for one in jobs[:2]}
    assert take.is_wanted(jobs)
    assert not take.is_wanted(jobs[:2])


def test_what_is_late_is_not_wanted(add, backlogs, clock) -> None:
    one = add(deadline=1001.0)
    take = InHand(Take(1000.0, [one]), backlogs, clock)
    assert take.is_wanted([one])
    clock.advance(1)
    assert not take.is_wanted([one])
    assert take.is_wanted([one, add()])


def test_without_redis_what_is_due_goes_on(take, jobs, backlogs) -> None:
    backlogs.owes_any = Mock(side_effect=redis.ConnectionError)
    assert take.is_wanted(jobs)
