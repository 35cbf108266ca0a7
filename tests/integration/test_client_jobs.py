"""What the client makes of streams, cancel and many inputs, against the running system."""

import asyncio

from queuecast import AsyncClient, Client


def test_a_job_is_followed_and_canceled(client: Client) -> None:
    job = client.submit("busy", {"x": [[15.9]]})
    names = []
    for event in job.stream(every=True):
        names.append(event.name)
        if event.data == {"stage": "predicting"}:
            assert job.cancel().status == "canceled"
    assert (names[-1], event.data) == ("done", {"reason": "canceled"})
    assert job.wait().status == "canceled"


def test_many_inputs_are_mapped_in_their_order(client: Client) -> None:
    inputs = [{"x": [[float(number)]]} for number in range(500)]
    outputs = client.map("affine", inputs, in_flight=50, progress=False)
    assert [one["y"] for one in outputs] == [[[3.0 * number + 1.0]] for number in range(500)]


def test_the_asynchronous_client_does_the_same(system) -> None:
    async def main() -> list[float]:
        async with AsyncClient(system.state["api_url"], timeout_seconds=30) as client:
            job = await client.submit("affine", {"x": [[7.0]]})
            told = [event.data async for event in job.stream() if event.name == "output"]
            many = client.map("affine", ({"x": [[float(n)]]} for n in range(3)), progress=False)
            return [told[0]["y"][0][0], *[one["y"][0][0] async for one in many]]

    assert asyncio.run(main()) == [22.0, 1.0, 4.0, 7.0]
