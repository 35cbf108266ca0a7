"""The first stage: inputs become tensors, each job for itself."""

from collections.abc import Sequence

import orjson
import structlog

from models.processors import Processor, load_processor
from shared.backlog.backlogs import Move, Taken, following
from shared.backlog.entries import Entry
from shared.domain.failures import Failure
from shared.domain.names import Backlog, Stage
from shared.domain.prediction import advanced
from shared.domain.states import Progress
from shared.errors import JobFailed, JobInputGone, ModelRefused, NotFound
from shared.payloads import references
from shared.telemetry import tracing
from shared.telemetry.subject import about
from workers import tensors
from workers.batching import together_or_alone
from workers.entry_moves import (
    added_at,
    failed,
    given_back,
    late,
    put_back,
    queue_seconds,
)
from workers.in_hand import InHand
from workers.loading import Loading
from workers.worker import Worker

log = structlog.get_logger()

TIME_LIMIT_SECONDS = 60.0

PORTION_SECONDS = 0.05
"""What took so long is passed on before the rest is prepared.

32 pictures of 14 ms each are 450 ms during which predict had nothing to do: in portions a burst of
64 was through 10 % sooner. Portions of 20 ms cost twice the commands of Redis and gain no more.
"""


class Preprocess:
    """The stage of one worker process; processors are loaded once."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._processors: dict[tuple[str, str], Processor] = {}
        self._loading = Loading(worker.settings.model_load_seconds)

    def __call__(self, model: str, version: str) -> int:
        """Takes what waits for this version and passes it on; answers how many jobs that were."""
        backlog = Backlog(Stage.PREPROCESS, model, version)
        take = self._worker.take(backlog, self._batch_size(model))
        for batch in together_or_alone(take.taken):
            with self._worker.running(batch, take):
                self._prepare_all(batch, take, backlog)
        return len(take.taken)

    def _prepare_all(self, batch: Sequence[Taken], take: InHand, backlog: Backlog) -> None:
        """Passes on in portions, so that predict can begin while the rest is prepared."""
        rest = take.still_owed(batch)
        while rest:
            if self._worker.stopping:
                self._worker.pass_on([put_back(one, Stage.PREPROCESS) for one in rest])
                return
            moves = self._portion(rest, take, backlog)
            self._worker.pass_on(moves)
            rest = take.still_owed(rest[len(moves) :])

    def _portion(self, rest: Sequence[Taken], take: InHand, backlog: Backlog) -> list[Move]:
        """The moves of the first of them: as many as can be prepared in the time of a portion."""
        begun = self._worker.clock.monotonic()
        moves: list[Move] = []
        for one in rest:
            moves.append(self._prepare(one, take, backlog))
            if self._worker.clock.monotonic() - begun >= PORTION_SECONDS:
                break
        return moves

    def _prepare(self, one: Taken, take: InHand, backlog: Backlog) -> Move:
        entry = one.entry
        about(entry.job)
        with tracing.step(Stage.PREPROCESS, entry.job, lambda: added_at(one), take.at):
            return self._move(one, take, backlog)

    def _move(self, one: Taken, take: InHand, backlog: Backlog) -> Move:
        entry = one.entry
        if move := late(one, take.at):
            return move
        begun = self._worker.clock.monotonic()
        try:
            prepared = self._prepared(one, backlog)
        except (JobInputGone, OSError) as error:
            log.warning("given_back", reason=type(error).__name__)
            return given_back(one)
        except JobFailed as error:
            return failed(one, error, take.at)
        outcome = entry.outcome._replace(
            queue_time=queue_seconds(one, take.at),
            preprocess_time=self._worker.clock.monotonic() - begun,
            started_at=take.at,
        )
        job = advanced(entry.job, Progress.PREDICTING, started_at=take.at)
        return Move(prepared._replace(job=job, outcome=outcome), following(backlog), one)

    def _prepared(self, one: Taken, backlog: Backlog) -> Entry:
        """The entry with the job's tensors, or with where they stand when they are large."""
        entry = one.entry
        processor = self._processor(backlog.model, backlog.version)
        data = self._worker.blobs.get(entry.payload_ref) if entry.payload_ref else entry.payload
        with self._worker.watchdog.limit(TIME_LIMIT_SECONDS, lambda: None):
            try:
                made = processor.preprocess(orjson.loads(data))
                encoded, rows = tensors.encode(made), tensors.rows(tensors.part(made)[0])
            except JobFailed:
                raise
            except Exception as error:
                log.exception("preprocess_raised", model=backlog.model)
                name = type(error).__name__
                raise JobFailed(Failure.PREPROCESS_FAILED, f"preprocess raised {name}") from error
        if len(encoded) <= self._worker.settings.inline_tensor_max_bytes:
            return entry._replace(payload=encoded, payload_ref=None, rows=rows)
        reference = references.new_tensors(entry.id, entry.attempt)
        self._worker.put(entry, reference, encoded, synced=False)
        return entry._replace(
            payload=b"", payload_ref=reference, rows=rows, stored_bytes=len(encoded)
        )

    def _processor(self, model: str, version: str) -> Processor:
        key = (model, version)
        if key not in self._processors:
            seconds = self._worker.settings.model_load_seconds
            with self._worker.watchdog.limit(seconds, lambda: None):
                self._processors[key] = self._loaded(f"{model}:{version}")
        return self._processors[key]

    def _loaded(self, name: str) -> Processor:
        try:
            resolved = self._worker.registry.resolve(name)
            return self._loading.load(name, lambda: load_processor(*resolved))
        except (NotFound, ModelRefused) as error:
            raise JobFailed(Failure.MODEL_UNAVAILABLE, error.detail) from error

    def _batch_size(self, model: str) -> int:
        served = self._worker.registry.models.get(model)
        return served.preprocess_batch if served else 1
