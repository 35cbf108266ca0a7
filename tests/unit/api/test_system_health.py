from collections.abc import Iterable
from typing import Any

import orjson
import pytest
import redis
from sqlalchemy import text

from api.dependencies import Services
from api.system_health import require_ready, system_health
from models.registry import RefusedModel, Registry
from shared.domain.names import SWEPT_SECONDS, SYSTEMS
from shared.errors import Unavailable

STREAM = b"queuecast:backlog:preprocess:wine:1:high"
WORKERS = ("preprocess:a:1:x", "predict:a:2:x", "predict:b:2:x", "record:a:3:x")


class SystemRedis:
    """Some workers, all alive, and one backlog of five entries of which two are pending."""

    swept_seconds_ago: float | None = 1.5
    company: dict[str, dict[str, str]] = {}  # noqa: RUF012 - what a test says

    def __init__(self, *workers: str) -> None:
        self._workers = {name.encode() for name in workers}
        self._replies: list[Any] = []

    def smembers(self, key: str) -> set[bytes]:
        if key.endswith("consumers"):
            return self._workers
        if key in (SYSTEMS, "queuecast:company"):
            return {name.encode() for name in self.company} if key != SYSTEMS else set()
        return {STREAM, STREAM.replace(b"high", b"low")}

    def mget(self, keys: Iterable[str]) -> list[bytes]:
        return [orjson.dumps(self.company[key.partition("facts:")[2]]) for key in keys]

    def pttl(self, _key: str) -> int:
        ago = self.swept_seconds_ago
        return -2 if ago is None else int((SWEPT_SECONDS - ago) * 1000)

    def pipeline(self, **_: Any) -> "SystemRedis":
        self._replies = []
        return self

    def exists(self, _key: str) -> None:
        self._replies.append(1)

    def xlen(self, stream: bytes) -> None:
        self._replies.append(5 if stream == STREAM else 0)

    def xpending(self, stream: bytes, _group: str) -> None:
        held = {"pending": 2}
        self._replies.append(held if stream == STREAM else redis.ResponseError("NOGROUP"))

    def execute(self, **_: Any) -> list[Any]:
        return self._replies


@pytest.fixture
def here(container: Any, registry: Registry) -> Services:
    container.__dict__["redis"] = SystemRedis(*WORKERS, "deliver:a:5:x", "sweeper:a:4:x")
    return Services(container, registry)


def test_all_is_well(here: Services) -> None:
    health = system_health(here)
    assert health["status"] == "ok"
    assert health["components"]["predict"] == {"status": "ok", "workers": 2}


def test_backlogs_say_what_waits_and_what_is_held(here: Services) -> None:
    [backlog] = system_health(here)["backlogs"]
    assert (backlog["stage"], backlog["model"], backlog["priority"]) == (
        "preprocess",
        "wine",
        "high",
    )
    assert (backlog["waiting"], backlog["in_progress"]) == (3, 2)


def test_missing_worker_degrades(here: Services, container: Any) -> None:
    container.__dict__["redis"] = SystemRedis(*WORKERS)
    health = system_health(here)
    assert health["status"] == "degraded"
    assert health["components"]["sweeper"] == {
        "status": "down", "workers": 0, "last_success_seconds": 1.5,
    }  # fmt: skip


@pytest.mark.parametrize("ago", [None, 61.0])
def test_a_sweeper_whose_rounds_fail_degrades(here: Services, container: Any, ago: Any) -> None:
    container.redis.swept_seconds_ago = ago
    health = system_health(here)
    assert health["status"] == "degraded"
    assert health["components"]["sweeper"] == {
        "status": "down", "workers": 1, "last_success_seconds": ago,
    }  # fmt: skip


def test_without_redis_nothing_is_known_of_workers(container: Any, registry: Registry) -> None:
    health = system_health(Services(container, registry))
    assert health["components"]["redis"]["status"] == "down"
    assert health["components"]["record"] == {"status": "unknown"}


def test_refused_models_are_listed(container: Any, registry: Registry) -> None:
    some = Registry(registry.models, [RefusedModel("bad", "wrong hash")])
    refused = system_health(Services(container, some))["models"]["refused"]
    assert refused == [{"name": "bad", "reason": "wrong hash"}]


def test_no_model_is_not_ready(container: Any) -> None:
    with pytest.raises(Unavailable):
        require_ready(Services(container, Registry({})))


def test_locked_database_is_not_ready(
    container: Any, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with container.engine.connect().execution_options(queuecast_write=True) as holder:
        holder.execute(text("SELECT 1"))
        monkeypatch.setattr("shared.db.engine.BUSY_SECONDS", 0)
        container.__dict__.pop("engine")
        with pytest.raises(Unavailable):
            require_ready(Services(container, registry))
        container.engine.dispose()
        container.__dict__["engine"] = holder.engine


@pytest.mark.parametrize(
    ("theirs", "status"),
    [({}, "ok"), ({"models": "others"}, "ok"), ({"blob store": "another"}, "down")],
)
def test_settings_that_differ_are_named(here: Services, container: Any, theirs, status) -> None:
    container.redis.company = {"predict:a:2": theirs | {"key prefix": "queuecast:"}}
    settings = system_health(here)["components"]["settings"]
    named = [{"fact": fact, "process": "predict:a:2"} for fact in theirs]
    assert settings == {"status": status} | ({"differ": named} if named else {})
