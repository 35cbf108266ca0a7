"""Webhooks: what is due is claimed in SQL, sent, and settled; many at a time, each for itself.

One run of the task goes on as long as anything is under way, and looks for what has become due
meanwhile: a receiver that does not answer holds up nobody.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import orjson
import structlog
from sqlalchemy import Connection, RowMapping
from sqlalchemy.exc import SQLAlchemyError

from shared.db.engine import reading, writing
from shared.domain.names import DELIVER
from shared.domain.prediction import wire_time
from shared.domain.wire import API, on_the_wire
from shared.errors import BusyError
from shared.jobs import store, views
from shared.telemetry import counters
from shared.webhooks import outbox, settling
from shared.webhooks.events import Event
from shared.webhooks.outbox import Claimed
from shared.webhooks.secrets import signatures
from shared.webhooks.settling import Attempt
from workers.rooms import Rooms
from workers.sending import Sender
from workers.worker import Worker

log = structlog.get_logger()

LOOK_SECONDS = 0.25
"""So often a run looks for what has become due, while something is under way."""

SETTLE_SECONDS = 10.0
"""What it may take to note an attempt, before the delivery counts as lost and is sent again."""

STOP_SECONDS = 1.0
"""So long a worker that is to stop waits for receivers; what it cuts off is due again at once."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed delivery, ready to be sent."""

    delivery: Claimed
    body: bytes
    secrets: Sequence[str]


class Deliver:
    """The stage of one worker process."""

    def __init__(self, worker: Worker, sender: Sender) -> None:
        self._worker = worker
        self._sender = sender
        self._engine = worker.container.engine
        self._secrets = worker.container.secrets
        self._clock = worker.clock
        self._settings = worker.settings
        self._base = (worker.settings.public_url or "").rstrip("/") + API
        settings = worker.settings
        self._rooms = Rooms(settings.webhook_concurrency, settings.webhook_host_concurrency)

    def __call__(self) -> int:
        """Sends what is due until nothing is; answers how many attempts that were."""
        self._worker.container.backlogs.hear(DELIVER)
        return asyncio.run(self._run())

    async def _run(self) -> int:
        self._rooms.clear()  # however the last run ended: nothing of it is under way
        sent = 0
        under_way: dict[asyncio.Task[Attempt], Claimed] = {}
        while True:
            self._worker.pulse.heard()
            for one in await asyncio.to_thread(self._claim):
                under_way[asyncio.create_task(self._send(one))] = one.delivery
            if not under_way:
                return sent
            if self._worker.stopping:
                return sent + await self._stop(under_way)
            ended, _ = await asyncio.wait(
                under_way, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            sent += await self._settle({under_way.pop(task): task.result() for task in ended})

    async def _send(self, one: Outgoing) -> Attempt:
        at, delivery = self._clock.now(), one.delivery
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Queuecast-Webhooks/1",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signatures(one.secrets, delivery.id, at, one.body),
        }
        try:
            return await self._sender.post(delivery.url, headers, one.body)
        except Exception:  # what one receiver provokes must not end the others
            log.exception("webhook_not_sent", delivery=delivery.id)
            return Attempt(at, 0.0, error=settling.NOT_SENT)

    def _claim(self) -> list[Outgoing]:
        """What is due and finds room. A database that cannot be reached has nothing for us."""
        if self._worker.stopping or self._rooms.left <= 0:
            return []
        taken: Counter[str] = Counter()
        outgoing: list[Outgoing] = []

        def take(host: str) -> bool:
            taken[host] += (found := self._rooms.take(host))
            return found

        try:
            outgoing = self._claimed(take)
        except BusyError as error:
            log.warning("deliveries_wait", reason=error.detail)
        finally:
            taken.subtract(one.delivery.host for one in outgoing)
            for host in taken.elements():
                self._rooms.give_back(host)
        return outgoing

    def _claimed(self, take: Callable[[str], bool]) -> list[Outgoing]:
        now, full = self._clock.now(), self._rooms.full()
        until = now + timedelta(seconds=self._settings.webhook_timeout_seconds + SETTLE_SECONDS)
        with reading(self._engine) as connection:
            if not outbox.is_due(connection, now, full):
                return []
        with writing(self._engine) as connection:
            claimed = outbox.claim(
                connection, now, until, limit=self._rooms.left, take=take, full=full
            )
            ready = self._prepared(connection, claimed)
        secrets = self._secrets.signing(one.tenant for one, _ in ready)
        return [Outgoing(one, body, secrets[one.tenant]) for one, body in ready]

    def _prepared(
        self, connection: Connection, claimed: Sequence[Claimed]
    ) -> list[tuple[Claimed, bytes]]:
        """Each with its body; a start that is overtaken by its end is not sent."""
        rows = store.read_many(connection, [one.job_id for one in claimed if one.job_id])
        by_id = {row["id"]: row for row in rows}
        ready = []
        for one in claimed:
            if one.event is Event.TEST:
                ready.append((one, _test_body(one)))
                continue
            row = by_id.get(one.job_id)
            if row is None:
                settling.skip(connection, one, settling.PREDICTION_GONE, self._clock.now())
                continue
            if one.event is Event.START and row["completed_at"] is not None:
                settling.skip(connection, one, settling.SUPERSEDED, self._clock.now())
                continue
            try:
                ready.append((one, self._body(row)))
            except Exception:  # a row that cannot be shown must not keep the others
                log.exception("webhook_without_body", delivery=one.id)
                settling.postpone(connection, one, self._clock.now())
        return ready

    def _body(self, row: RowMapping) -> bytes:
        shown = views.from_row(row, self._settings.echo_input_max_bytes)
        return orjson.dumps(on_the_wire(shown, self._base, self._settings.result_kept))

    async def _settle(self, ended: dict[Claimed, Attempt]) -> int:
        for one, attempt in ended.items():
            self._rooms.give_back(one.host)
            self._rooms.remember(one.host, failed=not attempt.succeeded)
        if ended:
            await asyncio.to_thread(self._note, ended)
        return len(ended)

    def _note(self, ended: dict[Claimed, Attempt]) -> None:
        """One transaction for all that ended meanwhile; what cannot be noted is sent again."""
        try:
            with writing(self._engine) as connection:
                now = self._clock.now()
                # In one order everywhere: two workers may note failures of the same endpoints.
                pairs = sorted(ended.items(), key=lambda pair: pair[0].endpoint)
                states = {one: settling.settle(connection, one, its, now) for one, its in pairs}
        except BusyError as error:
            log.warning("attempts_not_noted", attempts=len(ended), reason=error.detail)
            return
        except (SQLAlchemyError, ValueError) as error:
            if len(ended) == 1:
                log.error("attempt_refused", error=type(error).__name__)
                return
            for one, attempt in ended.items():
                self._note({one: attempt})
            return
        for one, state in states.items():
            counters.webhooks_sent.labels(state).inc()
            log.info("webhook_sent", delivery=one.id, claim=one.claims, state=state)

    async def _stop(self, under_way: dict[asyncio.Task[Attempt], Claimed]) -> int:
        ended, cut_off = await asyncio.wait(under_way, timeout=STOP_SECONDS)
        for task in cut_off:
            task.cancel()
        sent = await self._settle({under_way[task]: task.result() for task in ended})
        await asyncio.to_thread(self._release, [under_way[task] for task in cut_off])
        return sent

    def _release(self, cut_off: Sequence[Claimed]) -> None:
        for one in cut_off:
            self._rooms.give_back(one.host)
        try:
            with writing(self._engine) as connection:
                outbox.release(connection, cut_off, self._clock.now())
        except BusyError as error:
            log.warning("claims_run_out", deliveries=len(cut_off), reason=error.detail)


def _test_body(one: Claimed) -> bytes:
    """A prediction, too, so that it passes through the receiver's own code: but of nothing."""
    at = wire_time(one.created_at)
    content = {"type": "test", "id": one.id, "model": None, "status": "succeeded", "output": None}
    return orjson.dumps(content | {"created_at": at, "completed_at": at})
