"""The webhooks of the newest jobs, on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from shared.db.engine import reading, writing
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle, store
from shared.jobs.lifecycle import End
from shared.jobs.new_job import NewJob
from shared.jobs.recent_deliveries import recent_deliveries
from shared.settings import Settings

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def test_they_are_the_tenant_s_own_the_newest_first(
    engine: Engine, settings: Settings, new_job: Callable[..., NewJob]
) -> None:
    jobs = [
        new_job(webhook="https://a.example/", webhook_events="completed", tenant=one)
        for one in ("default",) * 3 + ("x",)
    ]
    ends = [End(one.id, None, Outcome(State.SUCCEEDED, output=b"1")) for one in jobs]
    with writing(engine) as connection:
        store.insert(connection, [one.row(settings, None, None) for one in jobs])
        lifecycle.finish(connection, ends, NOON)
    with reading(engine) as connection:
        found: list[Any] = recent_deliveries(connection, "default", 2)
    assert [one["job_id"] for one in found] == [jobs[2].id, jobs[1].id]
