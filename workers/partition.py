"""The partition, asserted on a running system: an unfinished job that was dispatched is in exactly
one backlog, or in exactly one worker's hands.

`python -m workers.partition` says what contradicts it, and ends with 1 if anything does.
"""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Any, cast

import redis
from sqlalchemy import Connection, Engine, select

from shared.backlog import connections
from shared.db import engine as databases
from shared.db.engine import reading
from shared.domain.names import Keys
from shared.domain.prediction import HEAD_BYTES, unfinished_attempt
from shared.jobs import store
from shared.jobs.table import job_table as job
from shared.settings import Settings

REDIS_SECONDS = 30.0


class Rule(StrEnum):
    """What must hold at every moment, unless Redis has lost single keys."""

    ONE_ENTRY = "an unfinished snapshot has exactly one entry that carries its fence"
    ROW_FIRST = "whatever Redis holds has a row"
    ATTEMPT_FIRST = "an attempt is in SQL before it is in Redis"
    JOINERS_WAIT = "a joiner is in no backlog"


@dataclass(frozen=True, slots=True)
class Violation:
    """`found` says what was seen instead."""

    job_id: str
    rule: Rule
    found: str


@dataclass(frozen=True, slots=True)
class Census:
    """One moment of Redis: the attempt of each unfinished snapshot, and of each entry its stream,
    job and attempt."""

    attempts: Mapping[str, int]
    entries: Sequence[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class Owner:
    """What SQL says of a job, read after Redis."""

    attempt: int
    unfinished: bool
    joins: bool


def violations(settings: Settings) -> list[Violation]:
    """Looks once; raises redis.RedisError and BusyError. Sound while everything is running.

    A Redis that lost single keys contradicts the partition until the sweeper's audit has met it
    twice (20 s, and 10 more for jobs that are younger than that).
    """
    engine = databases.connect(settings)
    client = connections.connect(settings, timeout_seconds=REDIS_SECONDS)
    try:
        return look(engine, client, Keys(settings.key_prefix))
    finally:
        client.close()
        engine.dispose()


def look(engine: Engine, client: redis.Redis, keys: Keys) -> list[Violation]:
    """As `violations`, over connections that are there already."""
    with reading(engine) as connection:
        unfinished = _unfinished(connection)
    census = take_census(client, keys, unfinished)
    with reading(engine) as connection:
        concerned = {*census.attempts, *(job_id for _, job_id, _ in census.entries)}
        owners = _owners(connection, sorted(concerned))
    return contradictions(census, owners)


def contradictions(census: Census, owners: Mapping[str, Owner]) -> list[Violation]:
    """Pure: what in a census and the rows read behind it contradicts the rules."""
    current = Counter(
        job_id for _, job_id, attempt in census.entries if census.attempts.get(job_id) == attempt
    )
    found = [
        Violation(job_id, Rule.ONE_ENTRY, f"{current[job_id]} entries")
        for job_id in census.attempts
        if current[job_id] != 1
    ]
    for job_id, attempt in census.attempts.items():
        if (owner := owners.get(job_id)) is None:
            found.append(Violation(job_id, Rule.ROW_FIRST, f"attempt {attempt}"))
        elif attempt > owner.attempt:
            seen = f"attempt {attempt}, in SQL {owner.attempt}"
            found.append(Violation(job_id, Rule.ATTEMPT_FIRST, seen))
        elif owner.unfinished and owner.joins:
            found.append(Violation(job_id, Rule.JOINERS_WAIT, f"attempt {attempt}"))
    return found


def take_census(client: redis.Redis, keys: Keys, job_ids: Sequence[str]) -> Census:
    """Of everything in the backlogs, and of these jobs' snapshots."""
    script = client.register_script(files("shared.backlog").joinpath("census.lua").read_text())
    asked = [keys.snapshot(job_id) for job_id in job_ids]
    listed, heads = cast(Any, script(keys=[keys.streams], args=[HEAD_BYTES, *asked]))
    attempts = {
        job_id: attempt
        for job_id, head in zip(job_ids, heads, strict=True)
        if (attempt := unfinished_attempt(head)) is not None
    }
    prefix = keys.snapshot("")
    entries = [
        (stream.decode(), key.decode().removeprefix(prefix), unfinished_attempt(fence) or 0)
        for stream, key, fence in listed
    ]
    return Census(attempts, entries)


def _unfinished(connection: Connection) -> list[str]:
    statement = select(job.c.id).where(store.has_status("queued"))
    return list(connection.execute(statement).scalars())


def _owners(connection: Connection, job_ids: Sequence[str]) -> dict[str, Owner]:
    rows = store.read_many(connection, job_ids)
    return {
        row["id"]: Owner(row["attempt"], row["status"] == "queued", row["joined_to"] is not None)
        for row in rows
    }


def main() -> int:
    found = violations(Settings())
    for one in found:
        sys.stdout.write(f"{one.job_id}: {one.rule}: {one.found}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
