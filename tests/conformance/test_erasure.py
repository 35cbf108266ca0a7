"""What a tenant has left is erased everywhere, on both databases; the others keep all of theirs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from shared.clock import FakeClock
from shared.db.engine import reading, writing
from shared.domain.ids import new_job_id
from shared.domain.names import Keys
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.files import store as files
from shared.files.table import file_table
from shared.jobs import lifecycle, retention
from shared.jobs.eraser import Erased, Eraser
from shared.jobs.erasure import Wanted
from shared.jobs.lifecycle import End
from shared.payloads.directory import DirectoryBlobs
from shared.payloads.references import new_output, of_file
from shared.prediction_log.feedback import Truth
from shared.prediction_log.log_book import LogBook
from shared.webhooks.table import delivery_table

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
URL = "https://hooks.example.com/"


class SomeRedis:
    """Remembers what it was told to forget."""

    def __init__(self) -> None:
        self.gone: list[str] = []

    def pipeline(self, *, transaction: bool) -> "SomeRedis":
        return self

    def delete(self, *keys: str) -> None:
        self.gone += keys

    def hdel(self, key: str, field: str) -> None:
        self.gone.append(f"{key} {field}")

    def execute(self) -> None:
        return None


@pytest.fixture
def redis() -> SomeRedis:
    return SomeRedis()


@pytest.fixture
def blobs(settings: Any) -> DirectoryBlobs:
    return DirectoryBlobs(settings.blobs_dir)


@pytest.fixture
def eraser(engine: Engine, redis: Any, blobs: DirectoryBlobs) -> Eraser:
    return Eraser(engine, redis, blobs, Keys("queuecast:"))


@pytest.fixture
def ended(engine: Engine, stored: Any, blobs: DirectoryBlobs) -> Any:
    """Makes a job with a large output, a webhook and feedback; gives its id and blob."""

    def make(tenant: str = "acme", hours: float = 0, output_ref: str | None = None) -> Any:
        at = NOON + timedelta(hours=hours)
        job = stored(tenant=tenant, created_at=at, webhook=URL, input_hash=f"hash-{hours}")
        output_ref = output_ref or blobs.put(new_output(job.id, 1), b'"large"', synced=True)
        with writing(engine) as connection:
            outcome = Outcome(State.SUCCEEDED, output_ref=output_ref)
            lifecycle.finish(connection, [End(job.id, 1, outcome)], at)
        LogBook(engine, FakeClock(NOON)).give(tenant, [Truth(job.id, label="x")])
        return job.id, output_ref

    return make


@pytest.fixture
def uploaded(engine: Engine, blobs: DirectoryBlobs) -> Any:
    def make(tenant: str = "acme", hours: float = 0) -> str:
        row = {
            "id": new_job_id(), "tenant": tenant, "name": "n", "content_type": "text/plain",
            "size": 1, "sha256": "s", "file_metadata": b"{}",
            "created_at": NOON + timedelta(hours=hours), "expires_at": NOON + timedelta(days=9),
        }  # fmt: skip
        with writing(engine) as connection:
            files.add(connection, row)
        return blobs.put(of_file(str(row["id"])), b"1", synced=True)

    return make


def test_nothing_is_left(
    eraser: Eraser, ended: Any, uploaded: Any, row: Any, log_rows: Any, engine: Engine,
    blobs: DirectoryBlobs, redis: SomeRedis,
) -> None:  # fmt: skip
    (one, blob), file = ended(), uploaded()
    assert eraser.erase(Wanted("acme")) == Erased(jobs=1, files=1)
    assert (row(one), log_rows()) == (None, {})
    assert {f"queuecast:job:{one}", "queuecast:results:wine hash-0"} <= set(redis.gone)
    assert [blobs.holds(name) for name in (blob, file)] == [False, False]
    with reading(engine) as connection:
        assert connection.execute(select(delivery_table)).all() == []


def test_others_keep_all_of_theirs(
    eraser: Eraser, ended: Any, uploaded: Any, row: Any, log_rows: Any, blobs: DirectoryBlobs
) -> None:
    (kept, blob), file = ended("other"), uploaded("other")
    ended()
    eraser.erase(Wanted("acme"))
    assert row(kept) is not None
    assert log_rows().keys() == {kept}
    assert blobs.holds(blob)
    assert blobs.holds(file)


def test_what_is_younger_stays(
    eraser: Eraser, ended: Any, uploaded: Any, log_rows: Any, engine: Engine
) -> None:
    ended(), uploaded()
    (young, _), file = ended(hours=2), uploaded(hours=2)
    erased = eraser.erase(Wanted("acme", before=NOON + timedelta(hours=1)))
    assert erased == Erased(jobs=1, files=1)
    assert log_rows().keys() == {young}
    with reading(engine) as connection:
        [left] = connection.execute(select(file_table.c.id)).scalars()
    assert of_file(left) == file


def test_single_jobs_can_be_named(eraser: Eraser, ended: Any, uploaded: Any, log_rows: Any) -> None:
    (one, _), (other, _), (foreign, _) = ended(), ended(), ended("other")
    uploaded()
    assert eraser.erase(Wanted("acme", job_ids=[one, foreign])) == Erased(jobs=1)
    assert log_rows().keys() == {other, foreign}


def test_a_blob_that_another_job_shows_stays(
    eraser: Eraser, ended: Any, blobs: DirectoryBlobs
) -> None:
    one, blob = ended()
    ended(output_ref=blob)
    eraser.erase(Wanted("acme", job_ids=[one]))
    assert blobs.holds(blob)
    eraser.erase(Wanted("acme"))
    assert not blobs.holds(blob)


def test_log_rows_go_though_their_jobs_have_gone(
    eraser: Eraser, ended: Any, engine: Engine, log_rows: Any
) -> None:
    (one, _), (other, _) = ended(), ended("other")
    with writing(engine) as connection:
        retention.remove(connection, [(NOON, one), (NOON, other)])
    assert eraser.erase(Wanted("acme")) == Erased(logged=1)
    assert log_rows().keys() == {other}


def test_what_has_not_ended_stays_and_is_told(eraser: Eraser, stored: Any, row: Any) -> None:
    running = stored(tenant="acme").id
    assert eraser.erase(Wanted("acme")) == Erased(unfinished=1)
    assert row(running)["status"] == "queued"


def test_many_go_in_slices(eraser: Eraser, stored: Any, engine: Engine, log_rows: Any) -> None:
    jobs = [stored(tenant="acme").id for _ in range(120)]
    with writing(engine) as connection:
        lifecycle.finish(connection, [End(one, 1, Outcome(State.CANCELED)) for one in jobs], NOON)
    assert eraser.erase(Wanted("acme")).jobs == 120
    assert log_rows() == {}
