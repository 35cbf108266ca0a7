from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import pytest
import redis

from shared.backlog.backlogs import Backlogs
from shared.backlog.bell_check import is_bell
from shared.backlog.bells import Bells
from shared.clock import FakeClock
from shared.domain.names import Backlog, Keys, Stage, queue
from shared.settings import Settings
from workers import listening
from workers.listening import TASK_SECONDS, Listening
from workers.worker import Worker

WINE, DIGITS = (Backlog(Stage.PREPROCESS, model, "1") for model in ("wine", "digits"))


class Stand:
    """A task of a worker that takes and does nothing else; `meanwhile` happens in its first run."""

    def __init__(self, worker: Worker, backlogs: Backlogs) -> None:
        self.worker = worker
        self.backlogs = backlogs
        self.queue = backlogs.keys.queue(queue(worker.stage))
        self.called: list[str] = []
        self.meanwhile: list[Callable[[], object]] = []

    def __call__(self, model: str, version: str) -> int:
        self.called.append(model)
        taken = self.worker.take(Backlog(self.worker.stage, model, version), 9).taken
        while self.meanwhile:
            self.meanwhile.pop(0)()
        return len(taken)

    def work(self) -> int:
        """A task for wine, whose bell Celery has heard."""
        self.worker.container.redis.brpop([self.queue], 1)
        stage = self.worker.stage.value
        return Listening(self.worker, partial(is_bell, tasks={stage})).work(self, "wine", "1")

    def push(self, message: bytes) -> None:
        self.worker.container.redis.lpush(self.queue, message)


@pytest.fixture
def new_stand(
    valkey: redis.Redis, backlogs: Backlogs, settings: Settings, clock: FakeClock, monkeypatch
) -> Callable[..., Stand]:
    monkeypatch.setattr(listening, "QUIET_SECONDS", 0.01)

    def make(stage: Stage = Stage.PREPROCESS, **changes: object) -> Stand:
        parts = {"redis": valkey, "backlogs": backlogs, "clock": clock, "blobs": None}
        values = settings.model_copy(update=changes)
        container = SimpleNamespace(**parts, settings=values)
        return Stand(Worker(stage, container, SimpleNamespace(models={})), backlogs)

    return make


@pytest.fixture
def stand(new_stand) -> Stand:
    return new_stand()


def test_a_task_takes_what_its_bell_rang_for_and_ends_when_it_is_quiet(stand, enqueue) -> None:
    enqueue()
    assert stand.work() == 1
    assert stand.called == ["wine", "wine"]


def test_it_goes_on_with_what_rings_meanwhile(stand, enqueue, valkey) -> None:
    enqueue()
    stand.meanwhile = [enqueue]
    assert stand.work() == 2
    assert valkey.llen(stand.queue) == 0


def test_it_hears_the_bells_of_other_models_on_its_queue(stand, enqueue) -> None:
    enqueue()
    stand.meanwhile = [partial(enqueue, model="digits", version="1")]
    assert stand.work() == 2
    assert stand.called == ["wine", "wine", "digits", "digits"]


def test_a_bell_is_enough_whatever_redis_has_forgotten(stand, enqueue, valkey, keys) -> None:
    enqueue()
    stand.meanwhile = [enqueue, partial(valkey.delete, keys.bell(WINE))]
    assert stand.work() == 2


def test_what_another_lets_grow_is_not_taken_in_silence(stand, backlogs, enqueue) -> None:
    enqueue()
    stand.meanwhile = [partial(backlogs.hush, WINE, 1.0), enqueue]
    assert stand.work() == 1
    assert len(backlogs.take(WINE, "another", 9).taken) == 1


def test_it_returns_to_celery_after_a_while_whatever_rings(stand, enqueue, clock, valkey) -> None:
    enqueue()
    stand.meanwhile = [enqueue, partial(clock.advance, TASK_SECONDS)]
    assert stand.work() == 1
    assert valkey.llen(stand.queue) == 1


def test_a_worker_that_is_to_stop_hears_no_more_bells(stand, enqueue, valkey) -> None:
    enqueue()
    stand.meanwhile = [enqueue, partial(setattr, stand.worker, "stopping", True)]
    assert stand.work() == 1
    assert valkey.llen(stand.queue) == 1


def test_with_several_threads_each_task_does_its_own(new_stand) -> None:
    stand = new_stand(Stage.PREDICT, predict_threads=2)
    stand.push(b"its own")
    assert stand.work() == 0
    assert stand.called == ["wine"]


def _bell(backlog: Backlog) -> bytes:
    return Bells(Keys(""), {}).of(backlog).message


@pytest.mark.parametrize(
    "message", [b"no JSON", b"", _bell(Backlog(Stage.PREDICT, "wine", "1")), b'{"body": "W10="}']
)
def test_what_is_no_bell_of_its_own_is_put_aside(stand, enqueue, valkey, keys, message) -> None:
    enqueue()
    stand.meanwhile = [partial(stand.push, message), partial(enqueue, model="digits", version="1")]
    assert stand.work() == 2
    assert valkey.lrange(keys.quarantine, 0, -1) == [repr(message).encode()]


def test_a_redis_that_began_anew_meanwhile_is_told_the_script_again(stand, enqueue, valkey) -> None:
    enqueue()
    stand.meanwhile = [enqueue, valkey.script_flush]
    assert stand.work() == 2
