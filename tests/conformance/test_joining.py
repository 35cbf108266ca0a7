"""What becomes of a submit whose input is known: it has its result, or joins who is about to."""

import asyncio
import time
from datetime import timedelta

import pytest
import redis
from sqlalchemy import update

from shared.db.engine import writing
from shared.domain.ids import new_job_id
from shared.domain.names import Priority
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.errors import IdempotencyMismatch
from shared.jobs import lifecycle, store
from shared.jobs.joiners import JUST_ENDED_SECONDS
from shared.jobs.lifecycle import End
from shared.jobs.submit import LEADER_SECONDS
from shared.jobs.table import job_table
from shared.result_cache.results import Answer

SUCCESS = Outcome(State.SUCCEEDED, output=b'{"label":"barolo"}', predict_time=0.5)
INPUT = "i" * 64


@pytest.fixture
def repeatable(new_job):
    """Makes jobs of one input that may reuse and be reused."""
    return lambda **changes: new_job(**({"reuses": True, "keeps_result": True} | changes))


@pytest.fixture
def led(submit, repeatable, results):
    """An accepted job that Redis proposes as the leader of its input."""

    def make(**changes):
        job = repeatable(**changes)
        submit(job)
        results.answers[job.input_hash] = Answer(job.id, None)
        return job

    return make


@pytest.fixture
def finish(engine, clock):
    def run(job, outcome=SUCCESS) -> None:
        with writing(engine) as connection:
            lifecycle.finish(connection, [End(job.id, None, outcome)], clock.now())

    return run


@pytest.fixture
def change(engine):
    """Changes a job's row from outside."""

    def run(job, **values) -> None:
        with writing(engine) as connection:
            connection.execute(update(job_table).where(job_table.c.id == job.id).values(**values))

    return run


def moved(backlogs) -> list[str]:
    return [move.entry.id for move in backlogs.moved]


def test_a_hit_is_a_job_of_its_own_that_has_ended(submit, repeatable, results, row, log_rows):
    results.answers[INPUT] = Answer(new_job_id(), {"status": "succeeded", "output": {"y": [1.5]}})
    job = repeatable(metadata=b'{"mine":1}')
    (accepted,) = submit(job)
    assert (accepted.created, accepted.runs) == (True, False)
    shown, stored, logged = accepted.prediction, row(job.id), log_rows()[job.id]
    assert (shown["id"], shown["status"], shown["cache"]) == (job.id, "succeeded", "hit")
    assert (shown["metadata"], shown["completed_at"] is None) == ({"mine": 1}, False)
    for one in (stored, logged):
        assert (one["status"], one["cache"], one["output"]) == ("succeeded", "hit", b'{"y":[1.5]}')
    assert (stored["input"], stored["request_metadata"]) == (job.input, job.metadata)


def test_a_hit_is_not_dispatched(submit, repeatable, results, backlogs, clock) -> None:
    results.answers[INPUT] = Answer(new_job_id(), {"status": "succeeded", "output": 1})
    clock.advance(2)
    (accepted,) = submit(repeatable(created_at=clock.now() - timedelta(seconds=2)))
    assert backlogs.moved == []
    assert accepted.prediction["metrics"] == {"total_time": 2.0}


def test_a_joiner_is_a_row_that_waits(submit, repeatable, led, row, backlogs) -> None:
    leader, joiner = led(), repeatable()
    (accepted,) = submit(joiner)
    assert (accepted.created, accepted.runs) == (True, False)
    assert (accepted.prediction["status"], accepted.prediction["cache"]) == ("starting", "joined")
    stored = row(joiner.id)
    assert (stored["joined_to"], stored["cache"]) == (leader.id, "joined")
    assert stored["status"] == "queued"
    assert moved(backlogs) == [leader.id]


def test_equal_inputs_of_one_group_run_once(submit, repeatable, row, backlogs) -> None:
    jobs = [repeatable() for _ in range(50)]
    answers = submit(*jobs)
    states = [answer.prediction["cache"] for answer in answers]
    assert (states.count("miss"), states.count("joined")) == (1, 49)
    assert moved(backlogs) == [jobs[0].id]
    assert {row(job.id)["joined_to"] for job in jobs[1:]} == {jobs[0].id}


def test_nobody_joins_across_tenants_or_inputs(submit, repeatable, led, row) -> None:
    """As if Redis had confused them."""
    leader = led(tenant="a")
    other = repeatable(tenant="a", input_hash="o" * 64)
    stranger = repeatable(tenant="b")
    submit(stranger, other)
    assert [row(job.id)["joined_to"] for job in (stranger, other)] == [None, None]
    assert row(leader.id)["cache"] == "miss"


def test_nobody_joins_a_job_that_runs_later(submit, repeatable, led, row, backlogs) -> None:
    leader, urgent = led(priority=Priority.LOW), repeatable(priority=Priority.NORMAL)
    submit(urgent)
    assert row(urgent.id)["joined_to"] is None
    assert moved(backlogs) == [leader.id, urgent.id]


@pytest.mark.parametrize("values", [{"crashes": 1}, {"joined_to": new_job_id()}])
def test_a_suspect_or_a_joiner_does_not_lead(submit, repeatable, led, change, row, values) -> None:
    leader, job = led(), repeatable()
    change(leader, **values)
    submit(job)
    assert (row(job.id)["joined_to"], row(job.id)["cache"]) == (None, "miss")


@pytest.mark.parametrize("outcome", [Outcome(State.CANCELED), Outcome.failed("input_lost", "")])
def test_who_ended_without_an_answer_does_not_lead(
    submit, repeatable, led, finish, row, outcome
) -> None:
    leader, job = led(), repeatable()
    finish(leader, outcome)
    submit(job)
    assert row(job.id)["joined_to"] is None


def test_what_the_leader_has_just_answered_is_a_hit(
    submit, repeatable, led, finish, clock, row
) -> None:
    leader, soon, late = led(), repeatable(), repeatable()
    finish(leader)
    clock.advance(JUST_ENDED_SECONDS)
    assert submit(soon)[0].prediction["cache"] == "hit"
    assert row(soon.id)["output"] == SUCCESS.output
    clock.advance(0.001)
    assert submit(late)[0].runs


def test_who_asks_for_a_run_of_its_own_runs_and_others_are_told(
    submit, repeatable, led, row, results
) -> None:
    led()
    own = repeatable(reuses=False)
    assert submit(own)[0].runs
    assert [question.reuse for question in results.asked] == [True, False]


def test_who_runs_although_another_was_proposed_is_proposed_next(
    submit, repeatable, led, change, results
) -> None:
    suspect, job = led(), repeatable()
    change(suspect, crashes=1)
    submit(job)
    told = results.asked[-1]
    assert (told.job_id, told.reuse) == (job.id, False)


def test_a_leader_that_is_never_committed_is_awaited_a_moment(
    submit, repeatable, results, row
) -> None:
    results.answers[INPUT] = Answer(new_job_id(), None)
    job = repeatable()
    assert submit(job)[0].runs
    assert len(results.asked) > 3  # it looked again and again before it gave up
    assert row(job.id)["joined_to"] is None


@pytest.mark.parametrize("before_seconds", [0, LEADER_SECONDS])
def test_a_leader_that_is_committed_meanwhile_is_joined(
    submit, repeatable, results, engine, settings, row, monkeypatch, before_seconds
) -> None:
    """However long the job has waited before anybody looked."""
    leader, job, look_up = repeatable(), repeatable(), results.look_up

    def look_up_while_it_commits(questions):
        time.sleep(before_seconds if not results.asked else 0)
        if len(results.asked) == 2:
            with writing(engine) as connection:
                store.insert(connection, [leader.row(settings, None)])
        return look_up(questions)

    monkeypatch.setattr(results, "look_up", look_up_while_it_commits)
    results.answers[INPUT] = Answer(leader.id, None)
    assert submit(job)[0].prediction["cache"] == "joined"
    assert row(job.id)["joined_to"] == leader.id


def test_others_do_not_wait_with_it(submitter, repeatable, results) -> None:
    results.answers[INPUT] = Answer(new_job_id(), None)

    async def first_answer() -> str:
        jobs = [repeatable(), repeatable(input_hash="p" * 64)]
        tasks = {asyncio.create_task(submitter.submit(job), name=job.input_hash) for job in jobs}
        done, waits = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*waits)
        return "".join(task.get_name() for task in done)

    assert asyncio.run(first_answer()) == "p" * 64


def test_without_redis_equal_inputs_of_one_group_still_join(
    submit, repeatable, results, backlogs
) -> None:
    results.error = redis.TimeoutError("too slow")
    first, *others = submit(*[repeatable() for _ in range(5)])
    assert first.runs
    assert {each.prediction["cache"] for each in others} == {"joined"}
    assert len(results.asked) == 1  # the breaker spares the rest
    assert backlogs.moved == []


@pytest.mark.parametrize("answer", ["hit", "joined"])
def test_a_submit_sent_again_is_the_same_job(
    submit, repeatable, led, results, row, log_rows, answer
) -> None:
    if answer == "hit":
        results.answers[INPUT] = Answer(new_job_id(), {"status": "succeeded", "output": 1})
    else:
        led()
    job = repeatable(idempotency_key="k")
    twin = repeatable(idempotency_key="k")
    answers = [submit(each)[0] for each in (job, job, twin)]
    assert [each.created for each in answers] == [True, False, False]
    assert {each.prediction["id"] for each in answers} == {job.id}
    assert {each.prediction["cache"] for each in answers} == {answer}
    assert row(twin.id) is None
    assert len(log_rows()) == (answer == "hit")


def test_another_request_under_the_id_of_a_hit_is_refused(submit, repeatable, results) -> None:
    results.answers[INPUT] = Answer(new_job_id(), {"status": "succeeded", "output": 1})
    job = repeatable()
    submit(job)
    (answer,) = submit(repeatable(id=job.id, body_hash="x" * 64))
    assert isinstance(answer, IdempotencyMismatch)


def test_who_would_lead_the_group_under_a_taken_id_leads_nobody(
    submit, submitter, repeatable, row, backlogs
) -> None:
    before = repeatable(input_hash="b" * 64)
    submit(before)
    taken, *others = (repeatable(id=before.id), repeatable(), repeatable())
    answers = submit(taken, *others)
    assert not answers[0].created
    assert all(answer.runs for answer in answers[1:])
    assert {row(job.id)["joined_to"] for job in others} == {None}
    assert moved(backlogs) == [before.id, *(job.id for job in others)]


def test_a_row_that_cannot_be_stored_harms_no_joiner(submit, repeatable, row) -> None:
    bad, jobs = repeatable(body_hash=None), [repeatable() for _ in range(4)]
    answers = submit(bad, *jobs)
    assert isinstance(answers[0], Exception)
    leaders = {row(job.id)["joined_to"] for job in jobs}
    assert leaders <= {None, *(job.id for job in jobs)}
    assert all(row(job.id)["status"] == "queued" for job in jobs)


def test_the_input_of_a_hit_is_kept(submit, repeatable, results, row, settings) -> None:
    results.answers[INPUT] = Answer(new_job_id(), {"status": "succeeded", "output": 1})
    job = repeatable(input=b'"' + b"x" * settings.inline_input_max_bytes + b'"')
    submit(job)
    assert (settings.blobs_dir / row(job.id)["input_ref"]).read_bytes() == job.input
