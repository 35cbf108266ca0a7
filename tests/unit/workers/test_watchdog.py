import pytest

from shared.clock import FakeClock
from workers.watchdog import ASK_SECONDS, EXIT_STATUS, Watchdog


class Process:
    """Notes what the watchdog did to it."""

    def __init__(self) -> None:
        self.terminated: list[str] = []
        self.exits: list[int] = []


@pytest.fixture
def process() -> Process:
    return Process()


@pytest.fixture
def watchdog(clock: FakeClock, process: Process) -> Watchdog:
    return Watchdog(clock, process.exits.append)


def test_a_run_within_its_time_is_left_alone(watchdog, clock, process) -> None:
    with watchdog.limit(10, lambda: process.terminated.append("a")) as limit:
        clock.advance(9.9)
        watchdog.look()
    assert (process.terminated, limit.expired) == ([], False)


def test_a_run_over_its_time_is_terminated_once(watchdog, clock, process) -> None:
    with watchdog.limit(10, lambda: process.terminated.append("a")) as limit:
        clock.advance(10)
        watchdog.look()
        watchdog.look()
    assert (process.terminated, limit.expired, process.exits) == (["a"], True, [])


def test_a_run_that_does_not_stop_ends_the_process(watchdog, clock, process) -> None:
    with watchdog.limit(10, lambda: process.terminated.append("a")):
        clock.advance(10)
        watchdog.look()
        clock.advance(4.9)
        watchdog.look()
        assert process.exits == []
        clock.advance(0.1)
        watchdog.look()
    assert process.exits == [EXIT_STATUS]


def test_a_run_that_ended_is_forgotten(watchdog, clock, process) -> None:
    with pytest.raises(RuntimeError), watchdog.limit(10, lambda: process.terminated.append("a")):
        raise RuntimeError
    clock.advance(100)
    watchdog.look()
    assert (process.terminated, process.exits) == ([], [])


def test_each_run_has_its_own_limit(watchdog, clock, process) -> None:
    with (
        watchdog.limit(10, lambda: process.terminated.append("long")),
        watchdog.limit(5, lambda: process.terminated.append("short")),
    ):
        clock.advance(6)
        watchdog.look()
    assert process.terminated == ["short"]


def test_all_runs_stop_when_their_work_is_taken_away(watchdog, process) -> None:
    with (
        watchdog.limit(10, lambda: process.terminated.append("a")) as limit,
        watchdog.limit(10, lambda: process.terminated.append("b")),
    ):
        watchdog.terminate_all()
    assert sorted(process.terminated) == ["a", "b"]
    assert not limit.expired  # it had time left: this is not the model's fault


def test_a_run_that_nobody_wants_is_terminated_once(watchdog, clock, process) -> None:
    with watchdog.limit(10, lambda: process.terminated.append("a"), lambda: False) as limit:
        clock.advance(ASK_SECONDS)
        watchdog.ask()
        watchdog.ask()
    assert (process.terminated, limit.unwanted, limit.expired) == (["a"], True, False)


def test_a_run_that_somebody_wants_goes_on(watchdog, clock, process) -> None:
    with (
        watchdog.limit(10, lambda: process.terminated.append("a"), lambda: True) as limit,
        watchdog.limit(10, lambda: process.terminated.append("b")),
    ):
        clock.advance(ASK_SECONDS)
        watchdog.ask()
    assert (process.terminated, limit.unwanted) == ([], False)


def test_nobody_is_asked_about_a_short_run(watchdog, clock) -> None:
    asked: list[bool] = []
    with watchdog.limit(10, lambda: None, lambda: asked.append(True) or True):
        clock.advance(ASK_SECONDS / 2)
        watchdog.ask()
    assert asked == []
