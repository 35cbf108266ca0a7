"""Bells that are too many, or for nothing: they cost nothing and break nothing."""

import pytest

from shared.backlog.bells import Bells
from shared.domain.names import RECORD, Backlog, Keys, Stage

BELLS = Bells(Keys("queuecast:"), {})
QUICK = Backlog(Stage.PREDICT, "quick", "1")
BELLS_FOR_NOTHING = (
    Backlog(Stage.PREPROCESS, "nobody", "1"),
    Backlog(Stage.PREPROCESS, "quick", "99"),
    Backlog(Stage.PREDICT, "quick", "99"),
    RECORD,
)


@pytest.mark.fault("F37")
def test_a_bell_that_rings_a_hundred_times_runs_a_job_once(system) -> None:
    (job,) = system.submit(1, "slow", seconds=0.3)
    number = system.jobs[job.id]
    for stage in (Stage.PREPROCESS, Stage.PREDICT):
        bell = BELLS.of(Backlog(stage, "slow", "1"))
        system.servers.redis.client().lpush(bell.queue, *[bell.message] * 100)
    system.all_end("F37", "200 bells for one job")
    assert (system.executions()[number], system.executions("preprocess")[number]) == (1, 1)


@pytest.mark.fault("F38")
def test_bells_for_nothing_are_heard_and_forgotten(system) -> None:
    pids = system.running.roles()
    for backlog in BELLS_FOR_NOTHING:
        bell = BELLS.of(backlog)
        system.servers.redis.client().lpush(bell.queue, *[bell.message] * 20)
    system.submit(5)
    system.all_end("F38", "80 bells for nothing")
    assert system.running.roles() == pids


@pytest.mark.fault("F36")
def test_damaged_bells_are_put_aside(system) -> None:
    pids = system.running.roles()
    bell = BELLS.of(QUICK)
    damaged = [bell.message[:number] for number in range(0, len(bell.message), 20)]
    system.servers.redis.client().lpush(bell.queue, *damaged)
    system.submit(5)
    system.all_end("F36", f"{len(damaged)} bells cut off")
    assert system.running.roles() == pids
