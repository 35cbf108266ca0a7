from collections.abc import Callable
from datetime import timedelta

import pytest
import redis

from shared.backlog.backlogs import Backlogs
from shared.domain.ids import new_job_id
from shared.domain.names import Backlog, Stage
from shared.domain.outcome import Outcome
from shared.domain.serving import Serving
from shared.domain.states import State
from shared.jobs import views
from shared.result_cache.results import Answer, Question, ResultCache

WINE = Backlog(Stage.PREPROCESS, "wine", "1")
INPUT, OTHER = "i" * 64, "o" * 64
SERVED = {
    "wine": Serving(cache_seconds=60, cache_entries=3),
    "digits": Serving(cache_seconds=60, cache_entries=3),
    "dice": Serving(),
}
SUCCESS, FAILURE = Outcome(State.SUCCEEDED, b'{"label":1}'), Outcome.failed("input_lost", "gone")


@pytest.fixture
def backlogs(valkey, settings) -> Backlogs:
    return Backlogs(valkey, settings, SERVED)


@pytest.fixture
def results(valkey, settings) -> ResultCache:
    return ResultCache(valkey, settings, SERVED)


@pytest.fixture
def ask(results: ResultCache) -> Callable[..., tuple[str, Answer | None]]:
    """Asks for one input as a new job, or as the one given; answers its id and what was found."""

    def run(input_hash: str = INPUT, *, model="wine", job_id=None, reuse=True):
        question = Question(job_id or new_job_id(), model, input_hash, reuse)
        return question.job_id, results.look_up([question]).get(question.job_id)

    return run


@pytest.fixture
def end(backlogs, new_job, clock) -> Callable[..., None]:
    """Ends a job in Redis."""

    def run(job_id: str, outcome: Outcome = SUCCESS, *, input_hash=INPUT, model="wine") -> None:
        job = new_job(id=job_id, model=model, input_hash=input_hash)
        ended = views.finished(job.snapshot(1024), outcome, clock.now() + timedelta(seconds=1))
        backlogs.finish([ended], hashes={job_id: input_hash})

    return run


@pytest.fixture
def age(valkey, keys) -> Callable[..., None]:
    """Lets the noted result of an input be of no use any more, a second ago or in one."""

    def run(input_hash: str = INPUT, *, model: str = "wine", by: int = 60) -> None:
        job_id, until = valkey.hget(keys.results(model), input_hash).decode().split(":")
        valkey.hset(keys.results(model), input_hash, f"{job_id}:{int(until) - by}")

    return run


def test_whose_input_nobody_knows_will_answer_it(ask) -> None:
    first, found = ask()
    assert found is None
    assert ask()[1] == Answer(first, None)


def test_who_asks_again_is_not_told_of_itself(ask) -> None:
    first, _ = ask()
    assert ask(job_id=first)[1] is None
    assert ask()[1] == Answer(first, None)


def test_inputs_and_models_know_nothing_of_each_other(ask, end) -> None:
    end(ask()[0])
    assert [ask(OTHER)[1], ask(model="digits")[1]] == [None, None]


def test_a_success_is_the_answer_from_then_on(ask, end) -> None:
    first, _ = ask()
    end(first)
    answers = [ask()[1] for _ in range(2)]
    assert [answer.job_id for answer in answers] == [first] * 2
    assert answers[0].result["output"] == {"label": 1}


@pytest.mark.parametrize("outcome", [FAILURE, Outcome(State.CANCELED)])
def test_only_a_success_is_remembered(ask, end, outcome) -> None:
    end(ask()[0], outcome)
    second, found = ask()
    assert found is None
    assert ask()[1] == Answer(second, None)


def test_a_success_does_not_count_for_ever(ask, end, age) -> None:
    end(ask()[0])
    age(by=50)
    assert ask()[1].result
    age(by=10)
    second, found = ask()
    assert found is None
    assert ask()[1] == Answer(second, None)


def test_a_result_whose_snapshot_is_gone_is_none(ask, end, valkey, keys) -> None:
    first, _ = ask()
    end(first)
    valkey.delete(keys.snapshot(first))
    second, found = ask()
    assert found is None
    end(second)
    assert ask()[1].job_id == second


def test_a_snapshot_stays_as_long_as_its_result_counts(
    valkey, settings, keys, new_job, clock
) -> None:
    served = {"wine": Serving(cache_seconds=2 * settings.snapshot_ttl_seconds, cache_entries=3)}
    success, failure = new_job(), new_job()
    for job, outcome in ((success, SUCCESS), (failure, FAILURE)):
        ended = views.finished(job.snapshot(1024), outcome, clock.now())
        Backlogs(valkey, settings, served).finish([ended])
    ttls = [valkey.ttl(keys.snapshot(job.id)) for job in (success, failure)]
    assert ttls == pytest.approx([2 * settings.snapshot_ttl_seconds, 3600], abs=2)


def test_who_runs_of_its_own_takes_the_place_of_who_was_there(ask, end) -> None:
    end(ask()[0])
    own, found = ask(reuse=False)
    assert found is None
    assert ask()[1] == Answer(own, None)
    end(own)
    assert ask()[1].job_id == own


def test_only_who_is_noted_is_remembered_or_forgotten(ask, end) -> None:
    first, _ = ask()
    end(new_job_id())
    end(new_job_id(), FAILURE)
    assert ask()[1] == Answer(first, None)
    end(new_job_id(), input_hash=OTHER)
    assert ask(OTHER)[1] is None


def test_an_end_after_another_run_began_leaves_the_other(ask, end) -> None:
    first, _ = ask()
    second, _ = ask(reuse=False)
    end(first)
    assert ask()[1] == Answer(second, None)


def test_a_model_without_cache_remembers_nothing(ask, end, valkey, keys) -> None:
    end(new_job_id(), model="dice")
    assert valkey.keys(f"{keys.prefix}results*") == []


def test_the_oldest_inputs_fall_out_where_there_are_too_many(ask, end, valkey, keys) -> None:
    jobs = {digit: ask(digit * 64)[0] for digit in "1234"}
    for digit, job_id in jobs.items():
        end(job_id, input_hash=digit * 64)
    noted = valkey.hkeys(keys.results("wine"))
    assert sorted(noted) == sorted((digit * 64).encode() for digit in "234")
    assert valkey.llen(keys.results_order("wine")) == 3
    assert ask("1" * 64)[1] is None


def test_an_input_that_is_asked_for_anew_takes_no_second_place(ask, end, age, valkey, keys) -> None:
    for reuse in (True, True, False):
        end(ask(reuse=reuse)[0])
        age()
    assert valkey.llen(keys.results_order("wine")) == 1


def test_many_inputs_at_once_keep_to_the_bound(results, valkey, keys) -> None:
    asked = [Question(new_job_id(), "wine", f"{number:064}") for number in range(2000)]
    assert results.look_up(asked) == {}
    newest = [one.input_hash.encode() for one in asked[-3:]]
    assert sorted(valkey.hkeys(keys.results("wine"))) == newest
    assert valkey.lrange(keys.results_order("wine"), 0, -1) == newest


def test_several_models_are_asked_in_one_call(results, ask, end) -> None:
    (wine, _), (digits, _) = ask(), ask(model="digits")
    end(digits, model="digits")
    ids = [new_job_id() for _ in range(4)]
    inputs = [("wine", INPUT), ("digits", INPUT), ("wine", OTHER), ("digits", OTHER)]
    found = results.look_up([Question(i, *each) for i, each in zip(ids, inputs, strict=True)])
    assert found.keys() == set(ids[:2])
    assert found[ids[0]] == Answer(wine, None)
    assert (found[ids[1]].job_id, found[ids[1]].result["output"]) == (digits, {"label": 1})


def test_nobody_asks_nothing(results) -> None:
    assert results.look_up([]) == {}


def test_ends_of_many_models_are_remembered_in_one_call(ask, backlogs, new_job, clock) -> None:
    jobs = [new_job(model=model, id=ask(model=model)[0]) for model in ("wine", "digits", "dice")]
    outcomes = (SUCCESS, FAILURE, SUCCESS)
    ended = [
        views.finished(job.snapshot(9), outcome, clock.now())
        for job, outcome in zip(jobs, outcomes, strict=True)
    ]
    backlogs.finish(ended, hashes={job.id: INPUT for job in jobs})
    assert ask()[1].result["output"] == {"label": 1}
    assert ask(model="digits")[1] is None


def test_after_redis_lost_everything_it_begins_anew(ask, end, valkey) -> None:
    first, second = ask()[0], ask(OTHER)[0]
    end(first)
    valkey.flushall()
    end(second, input_hash=OTHER)
    assert [ask()[1], ask(OTHER)[1]] == [None, None]


def test_what_nobody_asks_for_goes(ask, valkey, keys) -> None:
    ask()
    for key in (keys.results("wine"), keys.results_order("wine")):
        assert valkey.ttl(key) == pytest.approx(60 + 86_400, abs=2)


def test_a_full_redis_refuses_to_look_and_still_remembers(ask, fill, end):
    first, _ = ask()
    fill()
    with pytest.raises(redis.ResponseError, match="maxmemory"):
        ask(OTHER)
    end(first)
    assert ask()[1].result["output"] == {"label": 1}


def test_a_look_is_one_command(ask, valkey) -> None:
    ask()
    valkey.config_resetstat()
    ask()
    calls = {name: one["calls"] for name, one in valkey.info("commandstats").items()}
    assert calls.pop("cmdstat_evalsha") == 1
    assert "cmdstat_script|exists" not in calls


def test_a_server_that_has_begun_anew_is_told_the_script(ask, valkey) -> None:
    first, _ = ask()
    valkey.script_flush()
    assert ask()[1] == Answer(first, None)


@pytest.mark.parametrize("note", ["", "x", "x" * 36, "x:9999999999"])
def test_a_note_that_nobody_can_read_is_no_answer(ask, valkey, keys, note) -> None:
    valkey.hset(keys.results("wine"), INPUT, note)
    assert ask()[1] is None


@pytest.mark.parametrize("snapshot", [b"", b"not json", b'{"status":"failed","output":null}'])
def test_a_snapshot_that_is_no_result_is_no_answer(ask, end, valkey, keys, snapshot) -> None:
    first, _ = ask()
    end(first)
    valkey.set(keys.snapshot(first), snapshot)
    assert ask()[1] is None
