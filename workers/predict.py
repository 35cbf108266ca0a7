"""The second stage: the tensors of many jobs become one run of the model."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import structlog

from shared.backlog.backlogs import Move, Taken
from shared.domain.failures import Failure
from shared.domain.names import Backlog, Stage
from shared.domain.states import State
from shared.errors import JobFailed, JobInputGone, RunUnwanted, WorkTakenAway
from shared.payloads import references
from shared.telemetry import counters, tracing
from shared.telemetry.subject import about
from workers import tensors
from workers.batching import batches, bucket, split, stack
from workers.entry_moves import (
    ended,
    failed,
    given_back,
    late,
    put_back,
    queue_seconds,
    waits,
)
from workers.in_hand import InHand
from workers.outputs import are_finite, encode_output
from workers.sessions import Session, Sessions
from workers.tensors import Tensors
from workers.worker import Worker

log = structlog.get_logger()


class Row(NamedTuple):
    """One job of a batch; most bring one row, some several. `carried` passes by the model."""

    taken: Taken
    feeds: Tensors
    carried: Tensors
    rows: int

    @classmethod
    def read(cls, taken: Taken, data: bytes) -> "Row":
        feeds, carried = tensors.part(tensors.decode(data))
        if not feeds:
            raise ValueError("no tensors")
        return cls(taken, feeds, carried, tensors.rows(feeds))

    @property
    def stackable(self) -> bool:
        """Whether all tensors have the same rows: others would shift the rows of the next job."""
        return len({array.shape[:1] for array in self.feeds.values()}) == 1


class Ran(NamedTuple):
    """What a run brought one job: its own rows of the outputs, or why there are none.

    `batch_size` counts the rows of all jobs in the run; `are_finite` says that all outputs of the
    run are.
    """

    result: Tensors | JobFailed
    seconds: float
    batch_size: int
    are_finite: bool = False


class Predict:
    """The stage of one worker process; sessions are loaded once."""

    def __init__(self, worker: Worker, sessions: Sessions) -> None:
        self._worker = worker
        self._sessions = sessions

    def __call__(self, model: str, version: str) -> int:
        """Takes what waits for this version, runs it, passes it on; answers how many jobs."""
        backlog = Backlog(Stage.PREDICT, model, version)
        served = self._worker.registry.models.get(model)
        max_rows, delay_ms = (
            (served.max_batch_size, served.max_batch_delay_ms) if served else (1, 0)
        )
        take = self._worker.take(backlog, max_rows, delay_ms / 1000)
        for batch in batches(take.taken, max_rows, self._worker.settings.batch_max_bytes):
            with self._worker.running(batch, take):
                moves = self._predict(batch, take, backlog)
            self._worker.pass_on(moves)
            self._forget_tensors(batch, moves)
        return len(take.taken)

    def _predict(self, batch: Sequence[Taken], take: InHand, backlog: Backlog) -> list[Move]:
        """One move for each of the batch."""
        try:
            with self._worker.watchdog.limit(self._worker.settings.model_load_seconds, _no_way):
                session = self._sessions.get(backlog.model, backlog.version)
        except JobFailed as error:
            return [failed(one, error, take.at) for one in batch]
        moves: list[Move] = []
        buckets: dict[object, list[Row]] = defaultdict(list)
        for one in batch:
            row = self._read(one, take)
            if isinstance(row, Move):
                moves.append(row)
            else:
                buckets[bucket(row.feeds) if row.stackable else one.entry.id].append(row)
        for rows in buckets.values():
            moves += self._run(session, rows, take)
        return moves

    def _read(self, one: Taken, take: InHand) -> Row | Move:
        """The job's tensors, or its move where it is not to run."""
        entry = one.entry
        reference = entry.payload_ref
        if reference:  # many of them from a slow store take longer than anybody may be silent
            self._worker.pulse.heard()
        try:
            return Row.read(one, self._worker.blobs.get(reference) if reference else entry.payload)
        except (JobInputGone, OSError) as error:
            about(entry.job)
            log.warning("given_back", reason=type(error).__name__)
            return given_back(one)
        except (ValueError, TypeError) as error:
            about(entry.job)
            log.warning("tensors_unreadable", error=str(error)[:200])
            if reference:  # not synced when it was written, so it may be torn: make it anew
                return given_back(one)
            broken = JobFailed(Failure.PREDICTION_FAILED, "its tensors cannot be read")
            return failed(one, broken, take.at)

    def _run(self, session: Session, rows: Sequence[Row], take: InHand) -> list[Move]:
        """Runs the rows together; where that raises, in parts, until the bad row is alone."""
        if self._worker.stopping:
            return [put_back(row.taken, Stage.PREDICT) for row in rows]
        rows, moves = self._due(rows, take)
        if not rows:
            return moves
        begun = self._worker.clock.monotonic()
        results: list[Tensors | JobFailed]
        finite = False
        try:
            with tracing.batch(Stage.PREDICT, lambda: waits(one.taken for one in rows), take.at):
                outputs = self._outputs(session, rows, take)
            results = [*split(outputs, [row.rows for row in rows])]
            finite = are_finite(outputs)
        except WorkTakenAway:
            raise
        except RunUnwanted:
            rows, ended_late = self._due(rows, take)
            return [*moves, *ended_late, *(given_back(row.taken) for row in rows)]
        except Exception as error:
            if len(rows) > 1:
                parts = _parts(rows, error)
                return moves + [move for part in parts for move in self._run(session, part, take)]
            about(rows[0].taken.entry.job)
            results = [_cause(error)]
        seconds = self._worker.clock.monotonic() - begun
        total = sum(row.rows for row in rows)
        counters.batch_rows.labels(session.model.name).observe(total)
        ran = [Ran(result, seconds, total, finite) for result in results]
        return moves + [self._ended(session, *pair, take) for pair in zip(rows, ran, strict=True)]

    def _outputs(self, session: Session, rows: Sequence[Row], take: InHand) -> Tensors:
        """One run for all: it ends early when each of them was canceled or is late."""
        taken = [row.taken for row in rows]
        feeds = stack([row.feeds for row in rows])
        return session.run(feeds, self._worker.watchdog, lambda: take.is_wanted(taken))

    def _due(self, rows: Sequence[Row], take: InHand) -> tuple[list[Row], list[Move]]:
        """Those that are to run now, and the moves of those whose deadline has passed."""
        owed = {one.entry.id for one in take.still_owed([row.taken for row in rows])}
        due: list[Row] = []
        moves: list[Move] = []
        for row in rows:
            if row.taken.entry.id not in owed:
                continue
            if move := late(row.taken, take.at):
                moves.append(move)
            else:
                due.append(row)
        return due, moves

    def _ended(self, session: Session, row: Row, ran: Ran, take: InHand) -> Move:
        one = row.taken
        about(one.entry.job)
        timed = one.entry.outcome._replace(
            queue_time=queue_seconds(one, take.at),
            predict_time=ran.seconds,
            batch_size=ran.batch_size,
            input_shape=tensors.shapes(row.feeds),
        )
        try:
            output, reference = self._placed(one, self._output(session, row, ran))
        except JobFailed as error:
            return failed(one, error, take.at, timed)
        except OSError as error:
            log.warning("given_back", reason=type(error).__name__)
            return given_back(one)
        succeeded = timed._replace(state=State.SUCCEEDED, output=output, output_ref=reference)
        return ended(one, succeeded, take.at)

    def _output(self, session: Session, row: Row, ran: Ran) -> bytes:
        if isinstance(ran.result, JobFailed):
            raise ran.result
        with self._worker.watchdog.limit(session.model.timeout_seconds, _no_way):
            return encode_output(
                session.processor,
                ran.result | row.carried,
                allow_non_finite=session.model.allow_non_finite,
                max_bytes=self._worker.settings.output_max_bytes,
                known_finite=ran.are_finite and not row.carried,
            )

    def _placed(self, one: Taken, output: bytes) -> tuple[bytes | None, str | None]:
        """The output, or where it stands from now on when it is large."""
        if len(output) <= self._worker.settings.inline_output_max_bytes:
            return output, None
        reference = references.new_output(one.entry.id, one.entry.attempt)
        return None, self._worker.put(one.entry, reference, output, synced=True)

    def _forget_tensors(self, batch: Sequence[Taken], moves: Sequence[Move]) -> None:
        """Those of jobs that go on; what was put back is read by another."""
        kept = {move.entry.payload_ref for move in moves if move.destination}
        read = (one.entry.payload_ref for one in batch)
        self._worker.blobs.delete(*(one for one in read if one and one not in kept))


def _parts(rows: Sequence[Row], error: Exception) -> list[Sequence[Row]]:
    """How a batch that raised runs again.

    In halves as a rule: a few runs find the bad row. A batch that ran too long is taken apart at
    once: each half might last as long again, while the others wait.
    """
    if isinstance(error, JobFailed) and error.code == Failure.TIME_LIMIT_EXCEEDED:
        return [[row] for row in rows]
    middle = len(rows) // 2
    return [rows[:middle], rows[middle:]]


def _no_way() -> None:
    """There is none to stop it but the end of the process."""


def _cause(error: Exception) -> JobFailed:
    if isinstance(error, JobFailed):
        return error
    log.error("run_raised", error=type(error).__name__)  # what it says may repeat an input
    return JobFailed(Failure.PREDICTION_FAILED, f"{type(error).__name__}: {error}"[:300])
