import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
import redis

from shared.backlog.breaker import Breaker
from shared.db.engine import create_database_engine
from shared.domain import prediction
from shared.domain.names import Keys
from shared.errors import NotFound, Unavailable
from shared.jobs import reading
from shared.jobs.listing import Page
from shared.jobs.reading import Reader

SOON = 10


class FakeRedis:
    """Snapshots in memory; `gate` holds every MGET back, `error` is raised by it."""

    def __init__(self) -> None:
        self.snapshots: dict[str, bytes] = {}
        self.calls: list[list[str]] = []
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.messages: asyncio.Queue[Any] = asyncio.Queue()
        self.subscribed = asyncio.Event()

    async def mget(self, keys: list[str]) -> list[bytes | None]:
        self.calls.append(keys)
        self.asked.set()
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return [self.snapshots.get(key) for key in keys]

    @asynccontextmanager
    async def _channel(self):
        yield self

    def pubsub(self):
        return self._channel()

    async def subscribe(self, channel: str) -> None:
        self.subscribed.set()

    async def get_message(self, **_: object) -> Any:
        message = await self.messages.get()
        if isinstance(message, Exception):
            raise message
        return message


@pytest.fixture
def client() -> FakeRedis:
    return FakeRedis()


@pytest.fixture
def breaker(clock) -> Breaker:
    return Breaker(clock)


@pytest.fixture
def reader(engine, client, breaker, settings) -> Reader:
    return Reader(engine, client, breaker, settings)


@pytest.fixture
def put(client, settings, new_job) -> Callable[..., str]:
    """Puts a snapshot into Redis and answers the job's id."""

    def run(job=None, **changes: Any) -> str:
        job = job or new_job()
        data = prediction.encode(job.snapshot(1024) | changes)
        client.snapshots[Keys(settings.key_prefix).snapshot(job.id)] = data
        return job.id

    return run


def within_time(main: Awaitable[Any]) -> Any:
    async def bounded() -> Any:
        return await asyncio.wait_for(main, SOON)

    return asyncio.run(bounded())


async def turns(count: int = 10) -> None:
    """Lets everything that is ready run."""
    for _ in range(count):
        await asyncio.sleep(0)


def test_a_prediction_is_read_from_redis(reader, put) -> None:
    job_id = put(stage="predicting")
    assert within_time(reader.get("default", job_id))["stage"] == "predicting"


def test_what_redis_does_not_have_is_read_from_sql(reader, stored) -> None:
    job = stored()
    assert within_time(reader.get("default", job.id)) == job.snapshot(1024)


def test_an_unknown_id_is_not_found(reader, new_job) -> None:
    with pytest.raises(NotFound):
        within_time(reader.get("default", new_job().id))


def test_another_tenants_prediction_is_not_found(reader, put, stored) -> None:
    job = stored(tenant="a")
    put(job)
    assert within_time(reader.get("a", job.id))["tenant"] == "a"
    with pytest.raises(NotFound):
        within_time(reader.get("b", job.id))


def test_those_who_ask_meanwhile_share_the_next_look(reader, put, client) -> None:
    first, *others = [put() for _ in range(9)]

    async def main() -> list[Any]:
        client.gate.clear()
        early = asyncio.create_task(reader.get("default", first))
        await client.asked.wait()
        late = [asyncio.create_task(reader.get("default", one)) for one in (*others, others[0])]
        await turns()
        client.gate.set()
        return await asyncio.gather(early, *late)

    found = within_time(main())
    assert [one["id"] for one in found] == [first, *others, others[0]]
    assert [len(keys) for keys in client.calls] == [1, 8]


def test_who_hangs_up_takes_nothing_from_the_others(reader, put, client) -> None:
    job_id = put()

    async def main() -> Any:
        client.gate.clear()
        impatient = asyncio.create_task(reader.get("default", job_id))
        await client.asked.wait()
        patient = asyncio.create_task(reader.get("default", job_id))
        await turns()
        impatient.cancel()
        client.gate.set()
        return await patient

    assert within_time(main())["id"] == job_id


@pytest.mark.parametrize("error", [redis.ConnectionError("gone"), redis.TimeoutError(), OSError()])
def test_without_redis_sql_answers_and_redis_is_left_alone(
    reader, stored, client, breaker, clock, error
) -> None:
    job, client.error = stored(), error
    for _ in range(2):
        assert within_time(reader.get("default", job.id))["id"] == job.id
    assert (breaker.is_open, len(client.calls)) == (True, 1)
    clock.advance(5)
    within_time(reader.get("default", job.id))
    assert len(client.calls) == 2


def test_a_redis_that_hangs_costs_its_budget_only(engine, client, breaker, settings, stored):
    job = stored()
    quick = settings.model_copy(update={"redis_budget_seconds": 0.01})
    client.gate.clear()
    assert within_time(Reader(engine, client, breaker, quick).get("default", job.id))
    assert breaker.is_open


def test_without_both_nobody_can_answer(client, breaker, settings, new_job) -> None:
    nowhere = create_database_engine("sqlite:////nowhere/at/all.db")
    client.error = redis.ConnectionError("gone")
    with pytest.raises(Unavailable):
        within_time(Reader(nowhere, client, breaker, settings).get("default", new_job().id))


def test_an_unexpected_error_leaves_nobody_waiting(reader, stored, client) -> None:
    job, client.error = stored(), RuntimeError("a mistake of ours")

    async def main() -> None:
        await asyncio.wait_for(reader.get("default", job.id), 0.5)

    with pytest.raises((RuntimeError, Unavailable)):
        within_time(main())


def done(*job_ids: str) -> dict[str, Any]:
    return {"type": "message", "data": orjson.dumps(dict.fromkeys(job_ids))}


def test_a_waiter_wakes_by_the_message(reader, put, client, new_job, monkeypatch) -> None:
    monkeypatch.setattr(reading, "REREAD_SECONDS", 1000)
    job = new_job()
    put(job)

    async def main() -> Any:
        async with reader.listening():
            await client.subscribed.wait()
            waiting = asyncio.create_task(reader.wait("default", job.id, 1000))
            await client.asked.wait()
            await turns()
            put(job, terminal=True, status="succeeded")
            client.messages.put_nowait(done(new_job().id, job.id))
            return await waiting

    assert within_time(main())["status"] == "succeeded"


async def wait_for_accepted(reader: Reader, job: Any, seconds: float = 1000) -> Any:
    """Waits for the end of a job that is accepted meanwhile, as a client of this process does."""
    reader.just_accepted.expect(job.id)
    reader.just_accepted.note(job.id, job.snapshot(1024))
    return await reader.wait("default", job.id, seconds)


def test_who_waits_for_what_was_just_accepted_reads_only_its_end(
    reader, put, client, new_job, monkeypatch
) -> None:
    monkeypatch.setattr(reading, "REREAD_SECONDS", 1000)
    job = new_job()

    async def main() -> Any:
        async with reader.listening():
            await client.subscribed.wait()
            waiting = asyncio.create_task(wait_for_accepted(reader, job))
            await turns()
            assert not client.calls
            put(job, terminal=True, status="succeeded")
            client.messages.put_nowait(done(job.id))
            return await waiting, await reader.wait("default", job.id, 1000)

    assert [one["status"] for one in within_time(main())] == ["succeeded"] * 2
    assert len(client.calls) == 2  # by the message, and once it was no more just accepted


def test_a_wait_without_news_reads_before_it_ends(reader, put, client, new_job) -> None:
    job = new_job()
    put(job, stage="predicting")

    async def main() -> Any:
        async with reader.listening():
            await client.subscribed.wait()
            return await wait_for_accepted(reader, job, 0.15)

    assert within_time(main())["stage"] == "predicting"


@pytest.mark.parametrize("seconds", [0, 1000])
def test_what_was_just_accepted_is_read_where_nothing_may_be_told(
    reader, put, client, new_job, seconds
) -> None:
    job = new_job()
    put(job, terminal=True)  # and nobody listens
    assert within_time(wait_for_accepted(reader, job, seconds))["terminal"]


def test_a_new_subscription_forgets_what_was_just_accepted(
    reader, put, client, new_job, monkeypatch
) -> None:
    monkeypatch.setattr(reading, "REREAD_SECONDS", 1000)
    job = new_job()
    put(job, terminal=True)
    reader.just_accepted.expect(job.id)
    reader.just_accepted.note(job.id, job.snapshot(1024))

    async def main() -> Any:
        async with reader.listening():
            await client.subscribed.wait()
            await turns()
            return await reader.wait("default", job.id, 1000)

    assert within_time(main())["terminal"]


def test_a_lost_message_only_costs_time(reader, put, client, new_job, monkeypatch) -> None:
    monkeypatch.setattr(reading, "REREAD_SECONDS", 0.01)
    job = new_job()
    put(job)

    async def main() -> Any:
        waiting = asyncio.create_task(reader.wait("default", job.id, 1000))
        await client.asked.wait()
        put(job, terminal=True)
        return await waiting

    assert within_time(main())["terminal"]


def test_a_lost_subscription_makes_everybody_look_again(
    reader, put, client, new_job, monkeypatch
) -> None:
    monkeypatch.setattr(reading, "REREAD_SECONDS", 1000)
    job = new_job()
    put(job)

    async def main() -> Any:
        async with reader.listening():
            await client.subscribed.wait()
            waiting = asyncio.create_task(reader.wait("default", job.id, 1000))
            await client.asked.wait()
            await turns()
            put(job, terminal=True)
            client.messages.put_nowait(redis.ConnectionError("gone"))
            return await waiting

    assert within_time(main())["terminal"]


def test_waiting_ends_when_its_time_is_over(reader, put) -> None:
    job_id = put()
    assert not within_time(reader.wait("default", job_id, 0.02))["terminal"]
    assert not within_time(reader.wait("default", job_id, 0))["terminal"]


def test_nobody_waits_for_a_process_that_stops(reader, put) -> None:
    job_id = put()

    async def main() -> Any:
        waits = asyncio.create_task(reader.wait("default", job_id, 1000))
        await turns()
        reader.leave()
        return [await waits, await reader.wait("default", job_id, 1000)]

    assert [one["terminal"] for one in within_time(main())] == [False, False]


def test_what_has_ended_is_not_waited_for(reader, put, client) -> None:
    job_id = put(terminal=True)
    assert within_time(reader.wait("default", job_id, 1000))["terminal"]
    assert len(client.calls) == 1


def test_waiters_leave_nothing_behind(reader, put, new_job) -> None:
    within_time(reader.wait("default", put(terminal=True), 1))
    with pytest.raises(NotFound):
        within_time(reader.wait("default", new_job().id, 1))
    assert reader._waiters._waiters == {}


def test_a_page_shows_how_far_each_job_is(reader, put, stored) -> None:
    queued, running = stored(), stored()
    put(running, stage="predicting", status="processing")
    found, _ = within_time(reader.page(Page("default", 9)))
    assert {one["id"]: one["stage"] for one in found} == {
        queued.id: "queued",
        running.id: "predicting",
    }


def test_the_input_is_read_as_it_was_sent(reader, stored) -> None:
    job = stored()
    assert within_time(reader.input("default", job.id)) == (job.input, None)
    with pytest.raises(NotFound):
        within_time(reader.input("other", job.id))
