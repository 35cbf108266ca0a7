from shared.domain.names import GROUP, Backlog, Priority, Stage

WINE = Backlog(Stage.PREPROCESS, "wine", "1")
MISSING_FOR_LONG = 20


def test_a_step_that_fails_unforeseen_ends_no_other(
    sweeper, accept, clock, valkey, keys, snapshot
) -> None:
    job = accept()
    clock.advance(MISSING_FOR_LONG)
    valkey.sadd(keys.streams, "queuecast:backlog:of another kind")
    valkey.xgroup_create(keys.stream(WINE, Priority.NORMAL), GROUP, "0", mkstream=True)
    sweeper._round()
    assert snapshot(job.id)["attempt"] == 2


def test_a_round_that_failed_is_followed_by_the_next_without_a_rest(sweeper, keys, valkey) -> None:
    """It was long because it waited for what is away: four times that would be a minute."""
    assert not sweeper._round()
    valkey.sadd(keys.streams, "queuecast:backlog:of another kind")
    assert sweeper._round()
