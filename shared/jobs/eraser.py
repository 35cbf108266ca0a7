"""Erases what a tenant has left, wherever it lies: rows, payloads, results in Redis, files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import redis
from sqlalchemy import Engine, RowMapping

from shared.db.engine import reading, writing
from shared.domain.names import Keys
from shared.jobs import blobs_in_use, erasure
from shared.jobs.erasure import Wanted
from shared.payloads.blobs import Blobs
from shared.payloads.references import of_file

SLICE = 50
"""Rows of one transaction: whoever writes meanwhile waits for 15 ms."""


@dataclass(slots=True)
class Erased:
    """How many went; `unfinished` jobs stay."""

    jobs: int = 0
    logged: int = 0
    files: int = 0
    unfinished: int = 0


class Eraser:
    """Beside a running system; raises BusyError and redis.RedisError, and can be run again."""

    def __init__(self, engine: Engine, client: redis.Redis, blobs: Blobs, keys: Keys) -> None:
        self._engine = engine
        self._redis = client
        self._blobs = blobs
        self._keys = keys

    def erase(self, wanted: Wanted) -> Erased:
        erased = Erased()
        for jobs in self._slices(wanted):
            self._erase_jobs(jobs)
            erased.jobs += len(jobs)
        erased.logged = self._erase_logged(wanted)
        erased.files = self._erase_files(wanted)
        with reading(self._engine) as connection:
            erased.unfinished = erasure.count_unfinished(connection, wanted)
        return erased

    def _slices(self, wanted: Wanted) -> Iterator[Sequence[RowMapping]]:
        """Jobs that end meanwhile may be passed over."""
        behind = None
        while True:
            with reading(self._engine) as connection:
                found = erasure.ended_jobs(connection, wanted, SLICE, behind)
            if not found:
                return
            yield found
            behind = (found[-1]["created_at"], found[-1]["id"])

    def _erase_jobs(self, jobs: Sequence[RowMapping]) -> None:
        """Snapshots go first: nobody is given a result that is about to go."""
        ids = [row["id"] for row in jobs]
        self._forget(jobs)
        with writing(self._engine) as connection:
            erasure.erase_jobs(connection, ids)
        self._forget(jobs)  # whoever read a row just before may have shown it again
        references = {one for row in jobs for one in (row["input_ref"], row["output_ref"]) if one}
        if references:
            with reading(self._engine) as connection:
                kept = blobs_in_use.needed(connection, references)
            self._blobs.delete(*(references - kept))

    def _forget(self, jobs: Sequence[RowMapping]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.delete(*(self._keys.snapshot(row["id"]) for row in jobs))
        for row in jobs:
            # A note that leads to another job loses it a reuse, and nothing else.
            pipeline.hdel(self._keys.results(row["model"]), row["input_hash"])
        pipeline.execute()

    def _erase_logged(self, wanted: Wanted) -> int:
        erased, gone = 0, SLICE
        while gone == SLICE:
            with writing(self._engine) as connection:
                gone = erasure.erase_logged(connection, wanted, SLICE)
            erased += gone
        return erased

    def _erase_files(self, wanted: Wanted) -> int:
        erased, gone = 0, [""] * SLICE
        while len(gone) == SLICE:
            with writing(self._engine) as connection:
                gone = erasure.erase_files(connection, wanted, SLICE)
            self._blobs.delete(*map(of_file, gone))
            erased += len(gone)
        return erased
