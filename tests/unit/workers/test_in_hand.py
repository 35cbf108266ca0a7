import pytest

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


def test_nothing_is_not_asked_for(take, backlogs, clock) -> None:
    clock.advance(LOOK_AGAIN_SECONDS)
    assert take.still_owed([]) == []
    assert backlogs.looks == 0
