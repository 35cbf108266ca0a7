"""A scripted server and a clock that only moves when someone pauses: no network, no sleeping."""

import asyncio
import inspect
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from queuecast import AsyncClient, Client, Retries

JOB = "0199aaaa-0000-7000-8000-000000000001"


@dataclass
class FakeTime:
    now: float = 1000.0
    pauses: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


@dataclass
class FakeServer:
    """Answers with `script`, one after the other; a held request takes its time on the clock."""

    time: FakeTime
    script: list[Any] = field(default_factory=list)
    requests: list[httpx2.Request] = field(default_factory=list)
    holds: bool = True

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, httpx2.Response):
            return answer
        status, body, headers = answer
        if self.holds and body.get("status") in {"starting", "processing"}:
            self.time.now += float(request.url.params.get("wait", 0))
        return httpx2.Response(status, json=body, headers=headers)

    @property
    def paths(self) -> list[str]:
        return [f"{request.method} {request.url.raw_path.decode()}" for request in self.requests]

    def body(self, place: int = -1) -> Any:
        return json.loads(self.requests[place].content)


def answer_prediction(status: str = "succeeded", **told: Any) -> tuple[int, dict, dict]:
    headers = told.pop("headers", {})
    return 200, {"id": JOB, "status": status, "model": "digits"} | told, headers


def answer_problem(status: int, type: str, **told: Any) -> tuple[int, dict, dict]:
    headers = told.pop("headers", {})
    return status, {"type": f"/problems/{type}", "title": "T", "status": status} | told, headers


class Awaited:
    """An AsyncClient that is called like a Client."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            return asyncio.run(self._finish(getattr(self._client, name)(*arguments, **options)))

        return call

    @staticmethod
    async def _finish(result: Any) -> Any:
        if inspect.isawaitable(result):
            return await result
        return [item async for item in result]


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def server(fake_time: FakeTime) -> FakeServer:
    return FakeServer(fake_time)


@pytest.fixture
def script(server: FakeServer) -> Callable[..., FakeServer]:
    """Set what the server answers, in order; the last answer stays."""

    def write(*answers: Any) -> FakeServer:
        server.script[:] = answers
        return server

    return write


@pytest.fixture
def told() -> Callable[..., Any]:
    return answer_prediction


@pytest.fixture
def problem() -> Callable[..., Any]:
    return answer_problem


@pytest.fixture(params=["sync", "async"])
def client(
    request: pytest.FixtureRequest, server: FakeServer, fake_time: FakeTime
) -> Iterable[Any]:
    """Both clients: every test that takes it holds for either."""
    options: dict[str, Any] = {
        "base_url": "http://queuecast.test/",
        "api_key": "secret",
        "transport": httpx2.MockTransport(server),
        "clock": fake_time.clock,
        "retries": Retries(jitter=lambda _, most: most),
    }
    if request.param == "sync":
        with Client(sleep=fake_time.sleep, **options) as sync_client:
            yield sync_client
    else:
        awaited = Awaited(AsyncClient(sleep=fake_time.sleep_async, **options))
        yield awaited
        awaited.close()
