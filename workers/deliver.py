"""Webhooks: what is due is claimed in SQL, sent, and settled; many at a time, each for itself.

One run of the task goes on as long as anything is under way, and looks for what has become due
meanwhile: a receiver that does not answer holds up nobody.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
import structlog
from sqlalchemy import Connection, RowMapping
from sqlalchemy.exc import SQLAlchemyError

from shared import failpoints
from shared.db.engine import reading, writing
from shared.domain.names import DELIVER
from shared.domain.prediction import wire_time
from shared.domain.wire import API, on_the_wire
from shared.errors import BusyError
from shared.jobs import store, views
from shared.telemetry import counters, tracing
from shared.webhooks import claims, outbox, settling
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


Settle = Callable[[Connection, Claimed, str, datetime], None]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed delivery, ready to be sent."""

    delivery: Claimed
    body: bytes
    secrets: Sequence[str]
    traceparent: str | None


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
        sent = 0
        under_way: dict[asyncio.Task[Attempt], Claimed] = {}
        while True:
            self._worker.pulse.heard()
            # However the last run or claim ended: nothing else is under way.
            self._rooms.hold((one.tenant, one.host) for one in under_way.values())
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
        try:
            headers = {
                "Content-Type": "application/json",
                "User-Agent": "Queuecast-Webhooks/1",
                "webhook-id": delivery.id,
                "webhook-timestamp": str(int(at.timestamp())),
                "webhook-signature": signatures(one.secrets, delivery.id, at, one.body),
            }
            with tracing.sending(one.traceparent, delivery.host) as (trace, tell):
                headers |= trace
                attempt = await self._sender.post(delivery.tenant, delivery.url, headers, one.body)
                tell(attempt.status)
                return attempt
        except Exception:  # what one receiver provokes must not end the others
            log.exception("webhook_not_sent", delivery=delivery.id)
            return Attempt(at, 0.0, error=settling.NOT_SENT)

    def _claim(self) -> list[Outgoing]:
        """What is due and finds room. A database that cannot be reached has nothing for us."""
        if self._worker.stopping or self._rooms.left <= 0:
            return []
        now = self._clock.now()
        lease = self._settings.webhook_timeout_seconds + SETTLE_SECONDS
        claimed: Sequence[Claimed] = []
        try:
            with reading(self._engine) as connection:
                if not claims.is_due(connection, now, self._rooms):
                    return []
            with writing(self._engine) as connection:
                claimed = claims.claim(connection, now, lease, self._rooms)
            return self._prepared(claimed)  # behind the claim: what dies of it has been counted
        except BusyError as error:
            log.warning("deliveries_wait", reason=error.detail)
            self._release(claimed)  # nothing was sent, and a start would never be
            return []

    def _prepared(self, claimed: Sequence[Claimed]) -> list[Outgoing]:
        """Each with its body and secrets; what cannot be sent, or need not be, is settled."""
        with reading(self._engine) as connection:
            rows = store.read_many(connection, [one.job_id for one in claimed if one.job_id])
        by_id = {row["id"]: row for row in rows}
        secrets = self._secrets.signing(one.tenant for one in claimed)
        ready: list[Outgoing] = []
        unsent: list[tuple[Claimed, Settle, str]] = []
        for one in claimed:
            row = by_id.get(one.job_id) if one.job_id else None
            if one.event is not Event.TEST and row is None:
                unsent.append((one, settling.skip, settling.PREDICTION_GONE))
            elif one.event is Event.START and row and row["completed_at"] is not None:
                unsent.append((one, settling.skip, settling.SUPERSEDED))
            elif one.tenant not in secrets:
                log.error("webhook_secret_unreadable", delivery=one.id, tenant=one.tenant)
                unsent.append((one, settling.postpone, settling.SECRET_UNREADABLE))
            elif body := self._body(one, row):
                trace = row["traceparent"] if row else None
                ready.append(Outgoing(one, body, secrets[one.tenant], trace))
            else:
                unsent.append((one, settling.postpone, settling.NO_BODY))
        self._settle_unsent(unsent)
        return ready

    def _settle_unsent(self, unsent: Sequence[tuple[Claimed, Settle, str]]) -> None:
        if unsent:
            with writing(self._engine) as connection:
                for one, settle, why in unsent:
                    settle(connection, one, why, self._clock.now())

    def _body(self, one: Claimed, row: RowMapping | None) -> bytes | None:
        """None where the row cannot be shown: that must not keep the others."""
        if row is None:
            return _test_body(one)
        try:
            shown = views.from_row(row, self._settings.echo_input_max_bytes)
            return orjson.dumps(on_the_wire(shown, self._base, self._settings.result_kept))
        except Exception:
            log.exception("webhook_without_body", delivery=one.id)
            return None

    async def _settle(self, ended: dict[Claimed, Attempt]) -> int:
        for one, attempt in ended.items():
            self._rooms.remember(one.tenant, one.host, failed=not attempt.succeeded)
        if ended:
            failpoints.reach("deliver.sent")
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

    def _release(self, unsent: Sequence[Claimed]) -> None:
        if not unsent:
            return
        try:
            with writing(self._engine) as connection:
                outbox.release(connection, unsent, self._clock.now())
        except BusyError as error:
            log.warning("claims_run_out", deliveries=len(unsent), reason=error.detail)


def _test_body(one: Claimed) -> bytes:
    """A prediction, too, so that it passes through the receiver's own code: but of nothing."""
    at = wire_time(one.created_at)
    content = {"type": "test", "id": one.id, "model": None, "status": "succeeded", "output": None}
    return orjson.dumps(content | {"created_at": at, "completed_at": at})
