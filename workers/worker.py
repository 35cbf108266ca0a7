"""What every stage works with: takes in this process's name, runs under its rules, passes on."""

import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import redis
import structlog

from models.registry import Registry
from shared import failpoints
from shared.backlog import quarantine
from shared.backlog.backlogs import Backlogs, Move, Take, Taken
from shared.backlog.consumers import Consumer
from shared.backlog.entries import Entry
from shared.clock import Clock
from shared.container import Container
from shared.domain.failures import Failure
from shared.domain.names import Backlog, Priority, Stage
from shared.errors import BusyError, JobFailed, WorkTakenAway
from shared.payloads.blobs import Blobs
from shared.settings import Settings
from shared.telemetry.subject import about
from workers.in_hand import InHand
from workers.isolation import Isolation
from workers.memory_limit import EXIT_STATUS as MEMORY_EXIT_STATUS
from workers.memory_limit import MemoryLimit, used_bytes
from workers.pulse import Pulse
from workers.turns import Turns
from workers.watchdog import Watchdog

log = structlog.get_logger()

LOOK_SECONDS = 0.02
"""So often a worker that waits for a fuller batch looks whether it is to stop."""

STORE_ATTEMPTS = 20
"""So often a job is tried whose results the blob store does not take: more than three minutes."""


class Worker:
    """One worker process of one stage."""

    def __init__(self, stage: Stage, container: Container, registry: Registry) -> None:
        self.stage = stage
        self.container = container
        self.registry = registry
        self.settings: Settings = container.settings
        self.clock: Clock = container.clock
        self.blobs: Blobs = container.blobs
        self.consumer = Consumer(container.redis, stage.value, container.settings)
        self.pulse = Pulse(container.clock, lambda: self.watchdog.is_busy)
        self.watchdog = Watchdog(container.clock, progress=self.pulse.heard)
        self.memory = MemoryLimit(container.settings.worker_memory_bytes)
        self.stopping = False
        self.exit_status = 0
        self._backlogs: Backlogs = container.backlogs
        self._isolation = Isolation()
        self._turns: defaultdict[Backlog, Turns] = defaultdict(Turns)
        self._bell_seconds = 0.0
        self._bell: bytes | None = None

    @property
    def is_alone(self) -> bool:
        """Whether one thread of this process does all the work."""
        return self.stage is not Stage.PREDICT or self.settings.predict_threads == 1

    def listen(self, seconds: float) -> None:
        """Lets the next take wait so long for a bell first; for a worker of one thread."""
        self._bell_seconds, self._bell = seconds, None

    def heard(self) -> bytes | None:
        """The bell that the take heard for which `listen` was called."""
        return self._bell

    def take(self, backlog: Backlog, rows: int, delay_seconds: float = 0.0) -> InHand:
        """What waits, up to so many rows, at once.

        With a delay, a take that may grow waits until its oldest entry is that old, and is then
        topped up, once. A worker that is to stop waits no longer.
        """
        self.pulse.heard()
        turns = self._turns[backlog]
        order = turns.order
        first = self._take(backlog, rows, order)
        failpoints.reach("taken", self.stage)
        take = InHand(first, self._backlogs, self.clock, is_noted=self.is_alone)
        wait_seconds = delay_seconds - take.age_seconds
        if wait_seconds > 0 and take.may_grow(rows, self.settings.batch_max_bytes):
            self._backlogs.hush(backlog, wait_seconds)
            self._wait(wait_seconds)
            take.add(self._take(backlog, rows - take.rows, order))
        turns.took(take.priorities, full=take.is_full(rows, self.settings.batch_max_bytes))
        return take

    def _wait(self, seconds: float) -> None:
        """Until then, or until the worker is to stop.

        No Event: a signal may come while this very thread waits, and must take no lock.
        """
        until = time.monotonic() + seconds
        while not self.stopping and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))

    def _take(self, backlog: Backlog, rows: int, order: Sequence[Priority]) -> Take:
        """With several threads a take says nothing of what runs: one may have to wait until another
        has run a suspect, alone, and must not seem to have run what that one's crash took along.
        """
        seconds, self._bell_seconds = self._bell_seconds, 0.0
        take = self._backlogs.take(
            backlog,
            self.consumer.name,
            rows,
            order,
            noting=self.is_alone,
            bell_seconds=seconds,
        )
        if seconds:
            self._bell = take.bell
        return take

    def pass_on(self, moves: Sequence[Move]) -> None:
        """Moves what is still owed; what is not any more has left its backlog just as well.

        Then nobody will read what the stage stored of it. What was there before stays: the input of
        a job that is put back belongs to its row, whoever runs it by now.
        """
        pairs = zip(moves, self._backlogs.move(moves), strict=True)
        failpoints.reach("moved", self.stage)
        self.pulse.heard()
        unread = (one for one, moved in pairs if one.destination and not moved)
        self.blobs.delete(*(stored for one in unread if (stored := _stored(one))))

    def put(self, entry: Entry, reference: str, data: bytes, *, synced: bool) -> str:
        """Stores what a stage made of a job, and answers the reference.

        Raises OSError while another attempt may fare better, and JobFailed once too many have met
        the same: a store that takes nothing must not keep a job, and its worker, for ever.
        """
        try:
            return self.blobs.put(reference, data, synced=synced)
        except OSError as error:
            if entry.attempt < STORE_ATTEMPTS:
                raise
            reason = f"the blob store took nothing, {entry.attempt} times over"
            raise JobFailed(Failure.STORAGE_UNAVAILABLE, reason) from error

    def make_room(self) -> None:
        """Stops in good order when this process has grown too large, to be replaced by another."""
        if not self.stopping and self.memory.is_reached:
            log.warning("memory_limit_reached", used=used_bytes())
            self.exit_status = MEMORY_EXIT_STATUS
            os.kill(os.getpid(), signal.SIGTERM)

    def set_bell_aside(self, message: bytes) -> None:
        """Keeps what was on a queue and is no bell; the sweeper rings where it was one."""
        log.warning("bell_unreadable", bytes=len(message))
        with suppress(redis.RedisError):
            quarantine.keep(self.container.redis, self._backlogs.keys, message)

    @contextmanager
    def running(self, batch: Sequence[Taken], take: InHand) -> Iterator[None]:
        """Around the work on a batch: noted, so that a crash is known; a suspect is alone."""
        suspect = any(one.entry.suspect for one in batch)
        with self._isolation.alone() if suspect else self._isolation.shared():
            runs = [one.entry.id for one in batch]
            if runs != take.noted:
                self.consumer.note_running(runs)
                take.noted = runs
            yield

    @contextmanager
    def starting_anew_on_error(self) -> Iterator[None]:
        """Around a whole task: whatever it leaves unfinished is free for others at once.

        Redis, SQL and a fence are nobody's fault. Anything else may be a job's own: what ran counts
        as crashed, so that it runs alone from now on, and not for ever.
        """
        try:
            yield
        except (redis.RedisError, BusyError, WorkTakenAway):
            self.consumer.start_anew(crashed=False)
            raise
        except BaseException:
            self.consumer.start_anew(crashed=True)
            raise
        finally:
            about(None)


def _stored(move: Move) -> str | None:
    """Where the stage stored what the entry carries; None where it carries what it came with."""
    reference, source = move.entry.payload_ref, move.source
    return None if source and reference == source.entry.payload_ref else reference
