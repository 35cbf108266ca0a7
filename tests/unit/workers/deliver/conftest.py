"""The stage over real SQL and real secrets; what is sent goes to a receiver that only listens."""

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy import Engine, select

from shared.clock import SystemClock
from shared.db.engine import create_database_engine, reading, writing
from shared.db.migrate import upgrade
from shared.domain.names import Stage
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle, store
from shared.jobs.lifecycle import End
from shared.webhooks.secrets import Secrets
from shared.webhooks.settling import Attempt
from shared.webhooks.table import delivery_table
from workers.deliver import Deliver

GOOD = "https://good.example.com/hook"


class Receivers:
    """Keeps what it is sent; answers by host, 200 where nothing else was said."""

    def __init__(self) -> None:
        self.sent: list[SimpleNamespace] = []
        self.answers: dict[str, Callable[[], Attempt]] = {}
        self.pauses: dict[str, float] = {}
        self.most: dict[str, int] = {}
        self._now: dict[str, int] = {}
        self.then: Callable[[], None] = lambda: None

    async def post(self, tenant: str, url: str, headers: dict[str, str], body: bytes) -> Attempt:
        host = url.split("/")[2]
        one = {"tenant": tenant, "url": url, "headers": headers, "body": body}
        self.sent.append(SimpleNamespace(**one, at=time.monotonic()))
        self._now[host] = self._now.get(host, 0) + 1
        self.most[host] = max(self.most.get(host, 0), self._now[host])
        self.then()
        await asyncio.sleep(self.pauses.get(host, 0))
        self._now[host] -= 1
        return self.answers.get(host, lambda: answered(200))()


def answered(status: int | None, **more: Any) -> Attempt:
    return Attempt(SystemClock().now(), 0.1, status, **more)


@pytest.fixture(scope="module")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "queuecast.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def engine(migrated_file: Path, tmp_path: Path) -> Iterator[Engine]:
    shutil.copy(migrated_file, tmp_path / "queuecast.db")
    engine = create_database_engine(f"sqlite:///{tmp_path}/queuecast.db")
    yield engine
    engine.dispose()


@pytest.fixture
def receivers() -> Receivers:
    return Receivers()


@pytest.fixture
def bells() -> list[Any]:
    return []


@pytest.fixture
def secrets(engine: Engine, clock) -> Secrets:
    cipher = MultiFernet([Fernet(Fernet.generate_key())])
    return Secrets(engine, clock, lambda: cipher)


@pytest.fixture
def worker(new_worker, engine, secrets, bells):
    backlogs = SimpleNamespace(hear=bells.append, ring=bells.append)
    return new_worker(Stage.DELIVER, engine=engine, secrets=secrets, backlogs=backlogs)


@pytest.fixture
def deliver(worker, receivers) -> Deliver:
    return Deliver(worker, receivers)


@pytest.fixture
def ended(engine, new_job, settings, clock) -> Callable[..., str]:
    """A job that has come to its end, of which a webhook is to tell; its id."""

    def make(url: str = GOOD, **changes: Any) -> str:
        job = new_job(webhook=url, webhook_events="completed", **changes)
        outcome = Outcome(State.SUCCEEDED, b'{"label":"barolo"}')
        with writing(engine) as connection:
            store.insert(connection, [job.row(settings, None)])
            lifecycle.finish(connection, [End(job.id, 1, outcome)], clock.now())
        return job.id

    return make


@pytest.fixture
def delivery(engine) -> Callable[[str], Any]:
    def read(job_id: str) -> Any:
        with reading(engine) as connection:
            its = select(delivery_table).where(delivery_table.c.job_id == job_id)
            return connection.execute(its).mappings().one()

    return read


@pytest.fixture
def real_time(worker, secrets) -> None:
    worker.clock = secrets._clock = SystemClock()
