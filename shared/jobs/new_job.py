"""A new job: a request that has passed every check and is not committed yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson

from shared.domain.names import Priority
from shared.domain.prediction import Snapshot, wire_time
from shared.domain.rate_limits import Policy
from shared.domain.states import WIRE_STATUS, Progress
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is to be predicted, for whom, and how. `input` and `metadata` are JSON.

    `reuses`: the result of an earlier job of the same `input_hash` will do. `keeps_result`: others
    may reuse this one's. `tenant_policies` are the limits that its tenant has.
    """

    id: str
    tenant: str
    model: str
    version: str
    digest: str
    input: bytes
    input_hash: str
    body_hash: str
    created_at: datetime
    priority: Priority = Priority.NORMAL
    deadline_at: datetime | None = None
    idempotency_key: str | None = None
    webhook: str | None = None
    webhook_events: str | None = None
    metadata: bytes | None = None
    retry_of: str | None = None
    reuses: bool = False
    keeps_result: bool = False
    tenant_policies: tuple[Policy, ...] = ()
    traceparent: str | None = None

    def row(
        self, settings: Settings, input_ref: str | None, joined_to: str | None = None
    ) -> dict[str, Any]:
        """The values of its row; a large input stands in the blob store under `input_ref`."""
        grace = timedelta(seconds=settings.dispatch_grace_seconds)
        return {
            "id": self.id,
            "tenant": self.tenant,
            "model": self.model,
            "version": self.version,
            "digest": self.digest,
            "status": "queued",
            "priority": self.priority.value,
            "attempt": 1,
            "crashes": 0,
            "dispatch_after": self.created_at + grace,
            "deadline_at": self.deadline_at,
            "input": None if input_ref else self.input,
            "input_ref": input_ref,
            "input_bytes": len(self.input),
            "input_hash": self.input_hash,
            "body_hash": self.body_hash,
            "idempotency_key": self.idempotency_key,
            "webhook": self.webhook,
            "webhook_events": self.webhook_events,
            "request_metadata": self.metadata,
            "joined_to": joined_to,
            "retry_of": self.retry_of,
            "traceparent": self.traceparent,
            "cache": "joined" if joined_to else "miss",
            "created_at": self.created_at,
        }

    def snapshot(self, echo_max_bytes: int) -> Snapshot:
        """The prediction as it stands right after the commit."""
        small = len(self.input) <= echo_max_bytes
        shown: Snapshot = {
            "attempt": 1,
            "terminal": False,
            "status": WIRE_STATUS[Progress.QUEUED],
            "stage": Progress.QUEUED.value,
            "tenant": self.tenant,
            "id": self.id,
            "model": self.model,
            "version": self.version,
            "priority": self.priority.value,
            "input": orjson.loads(self.input) if small else None,
            "input_bytes": len(self.input),
            "output": None,
            "error": None,
            "error_code": None,
            "cache": "miss",
            "metadata": orjson.loads(self.metadata) if self.metadata else None,
            "metrics": None,
            "created_at": wire_time(self.created_at),
            "started_at": None,
            "completed_at": None,
            "deadline_at": wire_time(self.deadline_at) if self.deadline_at else None,
        }
        if self.traceparent is not None:
            shown["traceparent"] = self.traceparent
        return shown


def fingerprint(*parts: str | bytes) -> str:
    """BLAKE2b (RFC 7693) over the parts, each with its length, so that no two lists collide."""
    digest = blake2b(digest_size=32)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8))
        digest.update(data)
    return digest.hexdigest()
