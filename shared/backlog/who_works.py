"""Who works, and what on: for people who look, never for a decision."""

from dataclasses import dataclass
from typing import cast

import orjson
import redis

from shared.backlog import consumers
from shared.domain.names import Keys

LOOKED_AT = 200
"""Consumers of which it is read what they run: each may run some threads."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one thread of a worker runs: so many jobs of one model version."""

    model: str
    version: str
    jobs: int


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that was heard of lately."""

    kind: str
    host: str
    pid: int
    running: tuple[Run, ...]


def workers(client: redis.Redis, prefix: str) -> list[Worker]:
    """All that live, by kind; raises redis.RedisError."""
    keys, names = Keys(prefix), consumers.living(client, prefix)
    pipeline = client.pipeline(transaction=False)
    for name in names[:LOOKED_AT]:
        pipeline.hvals(keys.running(name))
    noted = [[_ids(one) for one in values if one] for values in pipeline.execute()]
    first = [ids[0] for batches in noted for ids in batches]
    shown = cast("list[bytes | None]", client.mget(map(keys.snapshot, first))) if first else []
    models = {job_id: _model(data) for job_id, data in zip(first, shown, strict=True) if data}
    runs = [tuple(_runs(batches, models)) for batches in noted]
    return [_worker(name, runs[at] if at < len(runs) else ()) for at, name in enumerate(names)]


def _ids(noted: bytes) -> list[str]:
    return noted.decode().split(",")


def _model(snapshot: bytes) -> tuple[str, str] | None:
    """Model and version of a job that is still unfinished."""
    job = orjson.loads(snapshot)
    return None if job["terminal"] else (job["model"], job["version"])


def _runs(batches: list[list[str]], models: dict[str, tuple[str, str] | None]) -> list[Run]:
    """All jobs of a batch are of one model version: the first tells it."""
    told = ((models.get(ids[0]), len(ids)) for ids in batches)
    return [Run(*model, jobs) for model, jobs in told if model is not None]


def _worker(name: str, running: tuple[Run, ...]) -> Worker:
    kind, host, pid, _ = name.split(":")
    return Worker(kind, host, int(pid), running)
