"""Jobs: what can be done about a prediction that a client has answered."""

import asyncio
import copy
import pickle

import httpx2
import pytest

from queuecast import AsyncClient, Client, Prediction

JOB = "0199aaaa-0000-7000-8000-000000000001"
DONE = b"id: 1-done\nevent: done\ndata: {}\n\n"


def test_cancel_answers_what_it_came_to(client, script, told):
    server = script(told("canceled"))
    assert client.cancel(JOB).status == "canceled"
    assert server.paths == [f"POST /api/v1/predictions/{JOB}/cancel"]


def test_a_lost_cancel_is_sent_again(client, script, told):
    server = script(httpx2.ReadError("gone"), told("canceled"))
    client.cancel(JOB)
    assert len(server.requests) == 2


@pytest.fixture
def transport(script, told):
    return httpx2.MockTransport(
        script(told("starting"), told("canceled"), httpx2.Response(200, content=DONE), told())
    )


def test_a_job_knows_its_client(transport):
    with Client(transport=transport) as client:
        job = client.submit("digits", 1)
        assert job.cancel().status == "canceled"
        assert [event.name for event in job.stream()] == ["done"]
        assert job.wait().succeeded


def test_a_job_knows_its_asynchronous_client(transport):
    async def main():
        async with AsyncClient(transport=transport) as client:
            job = await client.submit("digits", 1)
            assert (await job.cancel()).status == "canceled"
            assert [event.name async for event in job.stream()] == ["done"]
            assert (await job.wait()).succeeded

    asyncio.run(main())


def test_all_that_a_client_answers_are_jobs(client, script, told):
    script(told(), (200, {"results": [told()[1]], "next": None}, {}))
    jobs = [client.get(JOB), *client.predictions()]
    assert all(hasattr(job, "cancel") for job in jobs)


@pytest.mark.parametrize("copied", [lambda job: pickle.loads(pickle.dumps(job)), copy.copy])
def test_a_job_may_travel(client, script, told, copied):
    script(told(output=7, surprise="kept"))
    job = client.get(JOB)
    there = copied(job)
    assert isinstance(there, Prediction)
    assert there.model_dump() == job.model_dump()
    assert there.surprise == "kept"
