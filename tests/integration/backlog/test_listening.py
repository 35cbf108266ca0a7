from functools import partial

import pytest
import redis

from shared.backlog.bell_check import is_bell
from shared.backlog.bells import Bells
from shared.clock import FakeClock
from shared.domain.names import Backlog, Keys, Stage
from workers import listening
from workers.listening import TASK_SECONDS, Listening

BELLS = Bells(Keys("queuecast:"), {})
QUEUE = "listening:predict-cpu"


def bell(model: str, stage: Stage = Stage.PREDICT) -> bytes:
    return BELLS.of(Backlog(stage, model, "1")).message


class Stand:
    """A stage that notes what it was called with, on a queue that holds what a test puts there."""

    def __init__(self, client: redis.Redis, clock: FakeClock) -> None:
        self.redis = client
        self.clock = clock
        self.called: list[tuple[str, ...]] = []
        self.refused: list[bytes] = []
        self.stopping = False
        self.seconds = 0.0

    def __call__(self, *names: str) -> int:
        self.called.append(names)
        self.clock.advance(self.seconds)
        return 2

    def work(self, *names: str) -> int:
        listens = Listening(
            self.redis,
            QUEUE,
            self.clock,
            is_bell=partial(is_bell, tasks={"predict"}),
            refused=self.refused.append,
            is_stopping=lambda: self.stopping,
        )
        return listens.work(self, *(names or ("own", "1")))

    @property
    def models(self) -> list[str]:
        return [names[0] for names in self.called]


@pytest.fixture
def stand(valkey: redis.Redis, clock: FakeClock, monkeypatch) -> Stand:
    monkeypatch.setattr(listening, "QUIET_SECONDS", 0.01)
    return Stand(valkey, clock)


def test_a_task_does_what_its_own_bell_names_and_ends(stand) -> None:
    assert stand.work() == 2
    assert stand.called == [("own", "1")]


def test_it_goes_on_with_the_bells_that_wait_the_oldest_first(stand) -> None:
    stand.redis.lpush(QUEUE, bell("first"), bell("second"))
    assert stand.work() == 6
    assert stand.called == [("own", "1"), ("first", "1"), ("second", "1")]
    assert stand.redis.llen(QUEUE) == 0


def test_it_returns_to_celery_after_a_while_whatever_rings(stand) -> None:
    stand.seconds = 0.4 * TASK_SECONDS
    stand.redis.lpush(QUEUE, *(bell(name) for name in "abcd"))
    stand.work()
    assert stand.models == ["own", "a", "b"]
    assert stand.redis.llen(QUEUE) == 2


def test_a_worker_that_is_to_stop_hears_no_more_bells(stand) -> None:
    stand.redis.lpush(QUEUE, bell("next"))
    stand.stopping = True
    stand.work()
    assert stand.models == ["own"]
    assert stand.redis.llen(QUEUE) == 1


@pytest.mark.parametrize(
    "message", [b"no JSON", bell("wine", Stage.PREPROCESS), b'{"body": "W10="}', b""]
)
def test_what_is_no_bell_of_its_own_is_put_aside(stand, message) -> None:
    stand.redis.lpush(QUEUE, message, bell("next"))
    stand.work()
    assert stand.refused == [message]
    assert stand.models == ["own", "next"]


def test_a_bell_that_names_more_than_the_stage_takes_is_put_aside(stand) -> None:
    stand.redis.lpush(QUEUE, bell("next"))
    stand.work("everything")
    assert stand.called == [("everything",)]
    assert len(stand.refused) == 1


def test_without_redis_it_has_done_what_it_did(stand) -> None:
    stand.redis = redis.Redis(unix_socket_path="/nowhere.sock")
    assert stand.work() == 2
