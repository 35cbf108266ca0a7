"""The last stage: outcomes become rows, in bulk; then, and only then, they can be seen."""

import threading
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from shared import failpoints
from shared.backlog.backlogs import Backlogs, Taken
from shared.db.engine import reading, writing
from shared.domain.failures import Failure
from shared.domain.names import RECORD, Stage
from shared.domain.outcome import Outcome
from shared.domain.prediction import Snapshot
from shared.errors import BusyError
from shared.jobs import lifecycle, store, views
from shared.jobs.blobs_in_use import needed
from shared.jobs.last_joiners import follow_all
from shared.jobs.lifecycle import End, Finished
from shared.jobs.samples import Sampler
from shared.telemetry import counters, tracing
from shared.telemetry.many import observe_all
from shared.telemetry.subject import about
from shared.webhooks import bell
from workers.entry_moves import given_back, waits
from workers.worker import Worker

log = structlog.get_logger()

SQL_RETRY_SECONDS = 0.5

_STAGES = {
    "queue_time": "queue",
    "preprocess_time": "preprocess",
    "predict_time": "predict",
    "total_time": "total",
}


class Record:
    """The stage of one worker process: the only one of the three that opens SQL."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._engine: Engine = worker.container.engine
        self._backlogs: Backlogs = worker.container.backlogs
        self._sampler = Sampler(worker.container.served)

    def __call__(self) -> int:
        """Takes outcomes, commits them, makes them visible; answers how many jobs that were."""
        take = self._worker.take(RECORD, self._worker.settings.record_batch)
        if take.taken:
            tracer = tracing.batch(Stage.RECORD, lambda: waits(take.taken), take.at)
            with counters.record_seconds.time(), tracer:
                self._record(take.taken)
        return len(take.taken)

    def _record(self, taken: Sequence[Taken]) -> None:
        """A row that SQL refuses fails alone: the group is halved until it stands alone."""
        now = self._worker.clock.now()
        try:
            finished = self._commit(taken, now)
        except (SQLAlchemyError, ValueError) as error:
            if len(taken) > 1:
                middle = len(taken) // 2
                self._record(taken[:middle])
                self._record(taken[middle:])
                return
            about(taken[0].entry.job)
            log.warning("outcome_refused", error=type(error).__name__)
            self._record_as_unstorable(taken[0], now)
            return
        failpoints.reach("record.committed")
        self._show(taken, finished, now)

    def _record_as_unstorable(self, one: Taken, now: datetime) -> None:
        """A job that SQL refuses even so goes back to it: others must not wait behind it."""
        failed = _unstorable(one)
        try:
            finished = self._commit([failed], now)
        except (SQLAlchemyError, ValueError) as error:
            log.error("job_refused", error=type(error).__name__)
            self._backlogs.move([given_back(one)])
            return
        self._show([failed], finished, now)

    def _commit(self, taken: Sequence[Taken], now: datetime) -> Finished:
        """Waits for SQL as long as it takes: the outcomes are safe where they are."""
        ends = [End(one.entry.id, one.entry.attempt, one.entry.outcome) for one in taken]
        models = {one.entry.id: one.entry.job["model"] for one in taken}
        while True:
            try:
                with writing(self._engine) as connection:
                    finished = lifecycle.finish(connection, ends, now)
                    ended = [(models[end.job_id], end.job_id) for end in finished.recorded]
                    self._sampler.sample(connection, ended)
                    failpoints.reach("record.written")
                follow_all(self._engine, finished, now)
                return finished
            except BusyError as error:
                log.warning("record_waits_for_sql", jobs=len(taken), reason=error.detail)
                if self._worker.stopping:
                    raise
                self._worker.pulse.heard()
                threading.Event().wait(SQL_RETRY_SECONDS)

    def _show(self, taken: Sequence[Taken], finished: Finished, now: datetime) -> None:
        by_id = {one.entry.id: one for one in taken}
        ended = [
            views.finished(by_id[end.job_id].entry.job, end.outcome, now)
            for end in finished.recorded
        ]
        ended += self._snapshots(finished.joined)
        ended_before = self._snapshots(finished.already)
        gone = {*finished.fenced, *finished.unknown}
        stay = [one for one in taken if one.entry.id not in gone]
        self._backlogs.finish([*ended, *ended_before], stay, finished.hashes)
        if gone:
            counters.jobs_fenced.inc(len(finished.fenced))
            self._backlogs.move([given_back(one) for one in taken if one.entry.id in gone])
        if finished.calls_back:
            bell.ring(self._backlogs)
        self._forget_unrecorded(taken, finished)
        _count(ended)

    def _snapshots(self, job_ids: Sequence[str]) -> list[Snapshot]:
        """What SQL says of jobs that it alone knows: they had ended before, or ended as joiners."""
        if not job_ids:
            return []
        with reading(self._engine) as connection:
            rows = store.read_many(connection, job_ids)
        return [views.from_row(row, self._worker.settings.echo_input_max_bytes) for row in rows]

    def _forget_unrecorded(self, taken: Sequence[Taken], finished: Finished) -> None:
        """Deletes large outputs that no row came to hold; where there is no row to tell, the
        sweeper does it.

        SQL is asked: an older Redis may bring back an outcome whose own row has lost its output by
        now, while other jobs of the same input still show it.
        """
        recorded = {end.outcome.output_ref for end in finished.recorded}
        unknown = set(finished.unknown)
        outputs = {one.entry.payload_ref for one in taken if one.entry.id not in unknown}
        spare = {reference for reference in outputs - recorded if reference}
        if not spare:
            return
        with reading(self._engine) as connection:
            spare -= needed(connection, spare)
        self._worker.blobs.delete(*spare)


def _count(ended: Sequence[Snapshot]) -> None:
    states = Counter((one["model"], one["status"]) for one in ended)
    for (model, state), number in states.items():
        counters.jobs_finished.labels(model, state).inc(number)
    codes = Counter((one["model"], one["error_code"]) for one in ended if one["error_code"])
    for (model, code), number in codes.items():
        counters.jobs_failed.labels(model, code).inc(number)
    _time(ended)


def _time(ended: Sequence[Snapshot]) -> None:
    of_version: dict[tuple[str, str], list[dict[str, float | int]]] = defaultdict(list)
    for one in ended:
        of_version[one["model"], one["version"]].append(one["metrics"] or {})
    for (model, version), times in of_version.items():
        for name, stage in _STAGES.items():
            observed = [one[name] for one in times if name in one]
            observe_all(counters.job_seconds.labels(model, version, stage), observed)


def _unstorable(one: Taken) -> Taken:
    outcome = Outcome.failed(Failure.OUTPUT_NOT_STORABLE, "the outcome cannot be stored")
    return one._replace(entry=one.entry._replace(outcome=outcome))
