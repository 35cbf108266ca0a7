"""Queuecast as `./run up` starts it, over a Redis and a database that are ours to harm."""

import re
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from pydantic import SecretStr
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from deploy.local.data_dir import DataDir
from loadtests.bench.arms import programs
from loadtests.bench.arms.queuecast import clean_environment
from loadtests.bench.http_client import Address, Answer, request
from loadtests.chaos.databases import Database, Postgresql
from loadtests.chaos.orders import Order, Way
from loadtests.chaos.victims.victim import Row, Servers
from shared.db.engine import create_database_engine
from shared.jobs.table import job_table
from shared.prediction_log.table import log_table
from shared.settings import Settings
from shared.webhooks.table import delivery_table
from workers.partition import violations

PREDICTIONS = "/api/v1/predictions"
ORDER = "order"
"""The key in a job's metadata that holds the number of its order."""


@dataclass(frozen=True)
class Queuecast:
    """A victim that is up."""

    data_dir: DataDir
    address: Address
    servers: Servers
    engine: Engine
    name: str = "queuecast"

    def roles(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for process in (self.data_dir.running() or {}).get("processes", ()):
            if process["pid"]:
                found.setdefault(process["role"], []).append(process["pid"])
        return found

    def submit(self, order: Order, webhook_url: str) -> bytes:
        body: dict[str, Any] = {
            "model": order.model,
            "input": orjson.Fragment(order.input),
            "metadata": {ORDER: str(order.number)},
        }
        if order.deadline_seconds is not None:
            body["deadline_seconds"] = order.deadline_seconds
        if order.webhook:
            body["webhook"] = webhook_url
        if order.way is Way.NAMED:
            path = f"{PREDICTIONS}/{order.name}"
            return request(self.address, "PUT", path, orjson.dumps(body))
        key = f"Idempotency-Key: {order.name}\r\n" if order.way is Way.KEYED else ""
        return request(self.address, "POST", PREDICTIONS, orjson.dumps(body), key)

    def cancel(self, job_id: str) -> bytes | None:
        return request(self.address, "POST", f"{PREDICTIONS}/{job_id}/cancel")

    def look(self, job_id: str) -> bytes:
        return request(self.address, "GET", f"{PREDICTIONS}/{job_id}")

    def job_id(self, answer: Answer) -> str | None:
        if answer.status not in (200, 201, 202):
            return None
        return str(orjson.loads(answer.body)["id"])

    def seen(self, answer: bytes) -> tuple[str, float | None] | None:
        shown = orjson.loads(answer)
        if shown.get("completed_at") is None:
            return None
        output = shown.get("output")  # a large one stands elsewhere
        return shown["status"], output["y"] if output else None

    def unfinished(self, before: datetime) -> int | None:
        query = select(func.count()).where(
            job_table.c.status == "queued", job_table.c.created_at <= before
        )
        try:
            with self.engine.connect() as connection:
                return int(connection.execute(query).scalar_one())
        except DBAPIError:
            return None

    def rows(self) -> Sequence[Row]:
        ends = (
            select(func.count())
            .where(log_table.c.job_id == job_table.c.id)
            .scalar_subquery()
            .label("ends")
        )
        with self.engine.connect() as connection:
            found = connection.execute(select(job_table, ends)).mappings().all()
        return [self._row(dict(one)) for one in found]

    def fenced(self) -> int:
        where = f"http://{self.address.host}:{self.address.port}/metrics"
        with urllib.request.urlopen(where, timeout=10) as answer:
            text = answer.read().decode()
        found = re.search(r"^queuecast_jobs_fenced_total (\S+)$", text, re.MULTILINE)
        return int(float(found[1])) if found else 0

    def contradictions(self) -> Sequence[str]:
        redis, database = self.servers.redis, self.servers.database
        settings = Settings(
            redis_url=SecretStr(redis.url),
            database_url=SecretStr(direct_url(database)),
            data_dir=self.data_dir.path,
        )
        return [f"{one.job_id}: {one.rule}: {one.found}" for one in violations(settings)]

    def deliveries(self) -> dict[str, str]:
        table = delivery_table
        query = select(table.c.job_id, table.c.state).where(table.c.event == "completed")
        with self.engine.connect() as connection:
            return {one.job_id: one.state for one in connection.execute(query)}

    def _row(self, row: Mapping[str, Any]) -> Row:
        metadata = orjson.loads(row["request_metadata"] or b"{}")
        return Row(
            id=row["id"],
            number=int(metadata.get(ORDER, -1)),
            status=row["status"] if row["completed_at"] else None,
            output=self._output(row),
            error_code=row["error_code"],
            cache=row["cache"],
            attempt=row["attempt"],
            created_at=row["created_at"],
            completed_at=row["completed_at"],
            ends=row["ends"],
        )

    def _output(self, row: Mapping[str, Any]) -> bytes | None:
        if row["output_ref"] is None:
            found: bytes | None = row["output"]
        else:
            found = (self.data_dir.path / "blobs" / row["output_ref"]).read_bytes()
        return found


def direct_url(database: Database) -> str:
    """Past the network that is ours to harm."""
    return database.direct_url if isinstance(database, Postgresql) else database.url


@contextmanager
def running(
    folder: Path, models_dir: Path, servers: Servers, environment: Mapping[str, str]
) -> Iterator[Queuecast]:
    """Starts it over `folder/data`; `environment` comes on top of ours, without settings in it."""
    database = servers.database
    data_dir, log = DataDir(folder / "data"), folder / "queuecast.log"
    settings = {
        "QUEUECAST_REDIS_URL": f"redis://127.0.0.1:{servers.link.port}/0",
        "QUEUECAST_WEBHOOK_DEVELOPMENT": "true",
        **({"QUEUECAST_DATABASE_URL": database.url} if isinstance(database, Postgresql) else {}),
    }
    command = ("-P", "-m", "deploy.local", "up", "--port", "0", "--models", str(models_dir))
    where = ("--data-dir", str(data_dir.path))
    told = clean_environment() | settings | dict(environment)
    program = programs.python("queuecast", *command, *where, log=log, environment=told)
    engine = create_database_engine(direct_url(database))
    with programs.running(program) as child:
        try:
            programs.until(lambda: (data_dir.running() or {}).get("state") == "ready", child, log)
            parts = urlsplit((data_dir.running() or {})["api_url"])
            address = Address(parts.hostname or "127.0.0.1", parts.port or 80)
            yield Queuecast(data_dir, address, servers, engine)
        finally:
            engine.dispose()
