import pytest

from shared.domain.names import RECORD, Backlog, Stage
from shared.jobs.store import Due
from workers.sweep_decisions import (
    Depth,
    RedisWatch,
    dead_consumers,
    missing,
    rescue,
    with_work,
)

OLD, YOUNG = 10_000.0, 1.0


@pytest.fixture
def watch() -> RedisWatch:
    return RedisWatch(grace_seconds=10)


def test_nothing_counts_before_redis_was_seen(watch) -> None:
    watch.lost()
    assert not watch.heartbeats_count(1e9)


def test_an_old_redis_is_trusted_at_the_first_sight(watch) -> None:
    watch.seen("a", OLD, 100)
    assert watch.heartbeats_count(100)


def test_a_young_redis_is_given_time(watch) -> None:
    watch.seen("a", YOUNG, 100)
    assert not watch.heartbeats_count(109.9)
    assert watch.heartbeats_count(110)


@pytest.mark.parametrize(
    ("run_id", "uptime"), [("b", YOUNG), ("b", OLD)], ids=["restarted", "another server"]
)
def test_a_restart_takes_trust_away(watch, run_id, uptime) -> None:
    watch.seen("a", OLD, 100)
    watch.seen(run_id, uptime, 200)
    assert not watch.heartbeats_count(209.9)
    assert watch.heartbeats_count(210)


def test_a_hang_takes_trust_away_though_redis_is_the_same(watch) -> None:
    watch.seen("a", OLD, 100)
    watch.lost()
    assert not watch.heartbeats_count(500)
    watch.seen("a", OLD, 500)
    assert not watch.heartbeats_count(509.9)
    assert watch.heartbeats_count(510)


def test_a_redis_that_was_away_at_the_start_is_given_time(watch) -> None:
    watch.lost()
    watch.seen("a", OLD, 100)
    assert not watch.heartbeats_count(109.9)
    assert watch.heartbeats_count(110)


def test_seeing_it_again_does_not_start_the_wait_anew(watch) -> None:
    watch.seen("a", YOUNG, 100)
    watch.seen("a", YOUNG + 9, 109)
    assert watch.heartbeats_count(110)


def test_who_holds_a_place_and_is_silent_is_dead() -> None:
    assert dead_consumers(["c", "a", "b", "a"], ["b", "z"]) == ["a", "c"]


def test_only_what_was_running_has_crashed(add) -> None:
    running, held, outcome = add(), add(), add()
    found = rescue(
        [(Stage.PREPROCESS, running), (Stage.PREDICT, held), (Stage.RECORD, outcome)],
        {running.entry.id, outcome.entry.id},
    )
    assert (found.crashed, found.released, found.outcomes) == ([running], [held], [outcome])


def test_a_job_without_snapshot_is_missing() -> None:
    due = [Due("a", 1), Due("b", 2), Due("c", 1)]
    assert missing(due, [True, False, True]) == [Due("b", 2)]


def test_a_backlog_has_work_when_one_of_its_streams_has() -> None:
    wine, digits = Backlog(Stage.PREDICT, "wine", "1"), Backlog(Stage.PREDICT, "digits", "1")
    depths = {
        wine: [Depth(5, 5), Depth(3, 2)],
        digits: [Depth(4, 4), Depth(0, 0)],
        RECORD: [Depth(0, 0)],
    }
    assert with_work(depths) == [wine]
