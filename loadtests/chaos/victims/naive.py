"""The naive build of `loadtests/baselines/naive/`, under the same faults.

It has a SQL row per job, which is more than many have: a job that has one is found again in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
from sqlalchemy import Engine, create_engine, func
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from deploy.local.data_dir import DataDir
from deploy.local.paths import ROOT
from loadtests.baselines.naive.rows import NaiveJob
from loadtests.bench.arms import programs
from loadtests.bench.arms.queuecast import clean_environment
from loadtests.bench.http_client import Address, Answer, request
from loadtests.chaos.orders import Order
from loadtests.chaos.victims.naive_up import PORT
from loadtests.chaos.victims.victim import Row, Servers


@dataclass(frozen=True)
class Naive:
    """A victim that is up. It knows neither keys nor ids, deadlines, cancels, webhooks."""

    data_dir: DataDir
    address: Address
    servers: Servers
    engine: Engine
    name: str = "naive"

    def roles(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for process in (self.data_dir.running() or {}).get("processes", ()):
            if process["pid"]:
                found.setdefault(process["role"], []).append(process["pid"])
        return found

    def submit(self, order: Order, webhook_url: str) -> bytes:
        return request(self.address, "POST", f"/predictions/{order.model}", order.input)

    def cancel(self, job_id: str) -> bytes | None:
        return None

    def look(self, job_id: str) -> bytes:
        return request(self.address, "GET", f"/predictions/{job_id}")

    def job_id(self, answer: Answer) -> str | None:
        return str(orjson.loads(answer.body)["id"]) if answer.status == 202 else None

    def seen(self, answer: bytes) -> tuple[str, float | None] | None:
        shown = orjson.loads(answer)
        return ("succeeded", shown["output"]["y"]) if shown["status"] == "SUCCESS" else None

    def unfinished(self, before: datetime) -> int | None:
        query = (
            select(func.count())
            .select_from(NaiveJob)
            .where(NaiveJob.status == "pending", col(NaiveJob.created_at) <= before)
        )
        try:
            with Session(self.engine) as session:
                return int(session.exec(query).one())
        except DBAPIError:
            return None

    def rows(self) -> Sequence[Row]:
        with Session(self.engine) as session:
            return [_row(job) for job in session.exec(select(NaiveJob))]

    def fenced(self) -> int:
        return 0

    def contradictions(self) -> Sequence[str]:
        return []

    def deliveries(self) -> dict[str, str]:
        return {}


def _row(job: NaiveJob) -> Row:
    ended = job.completed_at is not None
    return Row(
        id=job.id,
        number=round(job.input["x"]),
        status=job.status if ended else None,
        output=orjson.dumps(job.output) if ended else None,
        error_code=None,
        cache="miss",
        attempt=1,
        created_at=job.created_at.astimezone(UTC),
        completed_at=job.completed_at.astimezone(UTC) if job.completed_at else None,
        ends=int(ended),
    )


@contextmanager
def running(
    folder: Path, models_dir: Path, servers: Servers, environment: Mapping[str, str]
) -> Iterator[Naive]:
    """Starts it over `folder/naive`."""
    url = servers.database.url
    data_dir, address = DataDir(folder / "naive"), programs.free_address()
    told = clean_environment() | {
        "PYTHONPATH": str(ROOT),
        "NAIVE_REDIS_URL": f"redis://127.0.0.1:{servers.link.port}/0",
        "NAIVE_DATABASE_URL": url,
        "NAIVE_MODELS_DIRS": str(models_dir),
        PORT: str(address.port),
        **environment,
    }
    log = folder / "naive.log"
    command = ("-P", "-m", "loadtests.chaos.victims.naive_up", str(data_dir.path))
    program = programs.python("naive", *command, log=log, environment=told)
    engine = create_engine(url)
    with programs.running(program) as child:
        try:
            programs.until(lambda: programs.listens(address), child, log)
            yield Naive(data_dir, address, servers, engine)
        finally:
            engine.dispose()
