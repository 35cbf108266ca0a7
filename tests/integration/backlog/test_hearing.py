import pytest
import redis

from shared.backlog.hearing import run_after_bell


@pytest.fixture
def hear(valkey: redis.Redis):
    def run(script: str, *, queue: str = "bells"):
        registered = valkey.register_script(script)
        return run_after_bell(valkey, queue, 0.01, registered, keys=["key"], args=[b"1"])

    return run


def test_the_script_runs_after_the_bell_has_come(hear, valkey) -> None:
    valkey.lpush("bells", "one", "two")
    assert hear("return redis.call('LLEN', 'bells')") == (b"one", 1)


def test_it_runs_in_silence_too(hear) -> None:
    assert hear("return {KEYS[1], ARGV[1]}") == (None, [b"key", b"1"])


@pytest.mark.parametrize("queue", ["bells", "no list"])
def test_after_an_error_the_next_answers_are_its_own(hear, valkey, queue) -> None:
    valkey.set("no list", 1)
    with pytest.raises(redis.ResponseError):
        hear("return redis.call('NONSENSE')" if queue == "bells" else "return 1", queue=queue)
    assert hear("return 2") == (None, 2)
