from types import SimpleNamespace
from typing import Any

import pytest
import redis
from prometheus_client import CollectorRegistry, generate_latest

from api import live_metrics
from api.live_metrics import LiveMetrics
from shared.backlog.company import Difference, Fact
from shared.backlog.depths import StreamDepth
from shared.domain.names import Backlog, Priority, Stage

WINE = Backlog(Stage.PREDICT, "wine", "1")


class FakeRedis:
    def info(self, _section: str) -> dict[str, Any]:
        return {"used_memory": 5, "maxmemory": 10}


class LostRedis:
    def info(self, _section: str) -> dict[str, Any]:
        raise redis.ConnectionError


class FakeCompany:
    def differences(self) -> list[Difference]:
        return [Difference(Fact.MODELS, f"predict:host:{pid}", "new", "old") for pid in (1, 2)]


def told(client: object, settings: Any) -> str:
    registry = CollectorRegistry()
    container = SimpleNamespace(redis=client, settings=settings)
    registry.register(LiveMetrics(container, FakeCompany()))
    return generate_latest(registry).decode()


@pytest.fixture
def text(settings, monkeypatch) -> str:
    depths = [StreamDepth(WINE, Priority.HIGH, 1, 2, 3.5), StreamDepth(WINE, Priority.LOW, 4, 0, 9)]
    monkeypatch.setattr(live_metrics, "read_depths", lambda *_: depths)
    living = ["predict:host:1:a", "predict:host:2:b", "sweeper:host:3:c"]
    monkeypatch.setattr(live_metrics.consumers, "living", lambda *_: living)
    return told(FakeRedis(), settings)


@pytest.mark.parametrize(
    "line",
    [
        'queuecast_backlog_waiting{model="wine",stage="predict",version="1"} 5.0',
        'queuecast_backlog_in_progress{model="wine",stage="predict",version="1"} 2.0',
        'queuecast_backlog_oldest_age_seconds{model="wine",stage="predict",version="1"} 9.0',
        'queuecast_workers{stage="predict"} 2.0',
        'queuecast_workers{stage="record"} 0.0',
        "queuecast_redis_memory_max_bytes 10.0",
        "queuecast_redis_up 1.0",
        'queuecast_settings_mismatch{fact="models"} 2.0',
        'queuecast_settings_mismatch{fact="blob store"} 0.0',
    ],
)
def test_it_tells_how_redis_stands(text: str, line: str) -> None:
    assert line in text.splitlines()


def test_without_redis_it_tells_that_and_no_more(settings) -> None:
    lines = [line for line in told(LostRedis(), settings).splitlines() if line[0] != "#"]
    assert lines == ["queuecast_redis_up 0.0"]
