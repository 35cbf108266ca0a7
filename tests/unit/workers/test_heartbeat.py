import threading
from collections.abc import Iterator

import pytest
import redis

from workers.heartbeat import Heartbeat
from workers.watchdog import Watchdog

SOON = 10


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
        started.append(Heartbeat(consumer, watchdog or Watchdog(clock), pause_seconds=0.001))
        started[-1].start()
        assert consumer.done.wait(SOON)
        return started[-1]

    yield run
    for heartbeat in started:
        heartbeat.stop()


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
    heartbeat = Heartbeat(consumer, Watchdog(clock), pause_seconds=1000)
    heartbeat.start()
    heartbeat.stop()
    assert consumer.events == ["left"]
