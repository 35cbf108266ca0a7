"""What tests of every tier need."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shared.clock import FakeClock
from shared.domain.ids import new_job_id
from shared.jobs.new_job import NewJob
from shared.settings import Settings

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    """Stands at noon until a test moves it."""
    return FakeClock(NOON)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a system that nobody runs."""
    return Settings(
        redis_url="unix:///nowhere/redis.sock",
        database_url=f"sqlite:///{tmp_path}/queuecast.db",
        data_dir=tmp_path,
    )


@pytest.fixture
def new_job() -> Callable[..., NewJob]:
    """Makes jobs that differ in nothing but their ids, and in what is asked for."""

    def make(**changes: Any) -> NewJob:
        values: dict[str, Any] = {
            "id": new_job_id(),
            "tenant": "default",
            "model": "wine",
            "version": "1",
            "digest": "d" * 64,
            "input": b'{"alcohol":13.2}',
            "input_hash": "i" * 64,
            "body_hash": "b" * 64,
            "created_at": NOON,
        }
        return NewJob(**(values | changes))

    return make
