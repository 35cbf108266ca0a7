import threading
from collections.abc import Iterator

import pytest
import redis

from workers.alive import AliveFile, is_alive
from workers.heartbeat import ALIVE_SECONDS, Heartbeat
from workers.pulse import DEAF_SECONDS, Pulse
from workers.watchdog import EXIT_STATUS, Watchdog

SOON = 10


class FakeCanary:
    """Flies unheard."""

    def __init__(self) -> None:
        self.sent = 0
        self.error: Exception | None = None

    def send(self) -> None:
        self.sent += 1
        if self.error:
            raise self.error


class Beats:
    """A heartbeat without its thread: a test says when it beats."""

    def __init__(self, clock, path) -> None:
        self.clock, self.consumer, self.canary = clock, FakeConsumer(), FakeCanary()
        self.watchdog = Watchdog(clock)
        self.pulse = Pulse(clock, lambda: self.watchdog.is_busy)
        self.exits: list[int] = []
        parts = (self.consumer, self.watchdog, self.pulse, self.canary, clock)
        self.heartbeat = Heartbeat(
            *parts, pause_seconds=5, alive=AliveFile(path), exit_process=self.exits.append
        )

    def beat(self, seconds: float = 5.0) -> None:
        self.clock.advance(seconds)
        self.heartbeat._beat()


@pytest.fixture
def beats(clock, tmp_path) -> Beats:
    return Beats(clock, tmp_path / "alive")


class FakeConsumer:
    """Answers its beats as told, then with yes; `done` is set when all answers are used."""

    name = "predict:here:1:aa"

    def __init__(self, *answers: bool | Exception) -> None:
        self.answers = list(answers)
        self.done = threading.Event()
        self.events: list[str] = []
        self.leaving: Exception | None = None

    def beat(self) -> bool:
        if not self.answers:
            self.done.set()
            return True
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def give_up(self) -> None:
        self.events.append("gave up")

    def start_anew(self, *, crashed: bool) -> None:
        self.events.append("anew")

    def leave(self) -> None:
        self.events.append("left")
        if self.leaving:
            raise self.leaving


@pytest.fixture
def beating(clock) -> Iterator:
    """Starts a heartbeat that is stopped at the end."""
    started: list[Heartbeat] = []

    def run(consumer: FakeConsumer, watchdog: Watchdog | None = None) -> Heartbeat:
        started.append(quick(consumer, watchdog or Watchdog(clock), clock))
        started[-1].start()
        assert consumer.done.wait(SOON)
        return started[-1]

    yield run
    for heartbeat in started:
        heartbeat.stop()


def quick(consumer, watchdog, clock, pause: float = 0.001) -> Heartbeat:
    pulse = Pulse(clock, lambda: watchdog.is_busy)
    parts = (consumer, watchdog, pulse, FakeCanary(), clock)
    return Heartbeat(*parts, pause_seconds=pause, alive=AliveFile(None))


def test_a_worker_that_hears_nothing_gives_up(beats, tmp_path) -> None:
    for _ in range(7):
        beats.beat()
    assert (beats.exits, is_alive(tmp_path / "alive")) == ([], True)
    beats.beat()
    assert (beats.exits, beats.consumer.events) == ([EXIT_STATUS], ["gave up"])
    assert beats.canary.sent == 7


def test_a_worker_that_hears_lives_on(beats) -> None:
    for _ in range(20):
        beats.beat()
        beats.pulse.heard()
    assert beats.exits == []


def test_a_long_run_is_no_deafness(beats) -> None:
    with beats.watchdog.limit(600, lambda: None):
        for _ in range(20):
            beats.beat()
    assert beats.exits == []


def test_who_does_not_reach_redis_is_not_deaf(beats) -> None:
    beats.canary.error = redis.ConnectionError("gone")
    for _ in range(20):
        beats.beat()
    assert beats.exits == []


def test_who_was_stopped_himself_hears_again_first(beats) -> None:
    beats.beat()
    beats.beat(10 * DEAF_SECONDS)
    assert beats.exits == []
    beats.beat()
    assert beats.exits == []


def test_a_silent_process_is_not_alive(beats, tmp_path, monkeypatch) -> None:
    beats.beat()
    monkeypatch.setattr("workers.alive.time.monotonic", lambda: 1e12 + ALIVE_SECONDS)
    assert is_alive(tmp_path / "alive") is False


def test_a_living_worker_keeps_its_name(beating) -> None:
    consumer = FakeConsumer(True, True)
    beating(consumer)
    assert consumer.events == []


def test_a_fenced_worker_stops_its_runs_and_starts_anew(beating, clock) -> None:
    consumer, watchdog, stopped = FakeConsumer(True, False), Watchdog(clock), threading.Event()
    with watchdog.limit(10, stopped.set):
        beating(consumer, watchdog)
    assert stopped.is_set()
    assert consumer.events == ["anew"]


def test_a_missed_beat_ends_nothing(beating) -> None:
    consumer = FakeConsumer(redis.ConnectionError("gone"), redis.TimeoutError("slow"), True)
    beating(consumer)
    assert consumer.events == []


@pytest.mark.parametrize("leaving", [None, redis.ConnectionError("gone")])
def test_a_clean_end_frees_what_is_held(clock, leaving) -> None:
    consumer = FakeConsumer()
    consumer.leaving = leaving
    heartbeat = quick(consumer, Watchdog(clock), clock, 1000)
    heartbeat.start()
    heartbeat.stop()
    assert consumer.events == ["left"]


def test_a_beat_that_fails_is_not_the_last(beating) -> None:
    beating(FakeConsumer(True, MemoryError()))
