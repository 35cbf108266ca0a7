"""What a tenant sees of its webhooks and may ask for: deliveries, replays, tests, endpoints."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, RowMapping, select, update

from shared.backlog.backlogs import Backlogs
from shared.clock import Clock
from shared.db.engine import reading, writing
from shared.errors import InvalidState, NotFound
from shared.webhooks import bell, endpoints, outbox
from shared.webhooks.events import Event
from shared.webhooks.table import attempt_table as attempt
from shared.webhooks.table import delivery_table as delivery

ATTEMPTS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Told:
    """A delivery's row with those of its last attempts, oldest first."""

    row: RowMapping
    attempts: Sequence[RowMapping]


class Deliveries:
    """Blocking; every method raises BusyError, and NotFound for what is not the tenant's."""

    def __init__(self, engine: Engine, backlogs: Backlogs, clock: Clock) -> None:
        self._engine = engine
        self._backlogs = backlogs
        self._clock = clock

    def of_job(self, tenant: str, job_id: str) -> list[Told]:
        """In the order in which they came to be."""
        its = (delivery.c.job_id == job_id, delivery.c.tenant == tenant)
        with reading(self._engine) as connection:
            rows = connection.execute(select(delivery).where(*its).order_by(delivery.c.id))
            return [_told(connection, row) for row in rows.mappings().all()]

    def get(self, tenant: str, delivery_id: str) -> Told:
        with reading(self._engine) as connection:
            return _told(connection, _read(connection, tenant, delivery_id))

    def replay(self, tenant: str, delivery_id: str) -> Told:
        """Sends a finished one again, under the same id; raises InvalidState for another."""
        now = self._clock.now()
        again = {"state": "pending", "failures": 0, "error": None, "finished_at": None}
        finished = (delivery.c.id == delivery_id, delivery.c.state != "pending")
        with writing(self._engine) as connection:
            _read(connection, tenant, delivery_id)
            changed = connection.execute(
                update(delivery).where(*finished).values(again | {"due_at": now})
            )
            if not changed.rowcount:
                raise InvalidState("this delivery is not finished yet", retry_after_seconds=5)
            told = _told(connection, _read(connection, tenant, delivery_id))
        bell.ring(self._backlogs)
        return told

    def test(self, tenant: str, url: str) -> Told:
        """Sends a test event to a URL that `parse_url` has accepted."""
        row = outbox.new_row(tenant, None, Event.TEST, url, self._clock.now())
        with writing(self._engine) as connection:
            outbox.write(connection, [row])
            told = _told(connection, _read(connection, tenant, row["id"]))
        bell.ring(self._backlogs)
        return told

    def endpoints(self, tenant: str, limit: int, after_id: str | None = None) -> list[RowMapping]:
        """Those in trouble; one that works is not known."""
        with reading(self._engine) as connection:
            return endpoints.page(connection, tenant, limit, after_id)

    def enable(self, tenant: str, id: str) -> RowMapping:
        """From now on it is called again; answers what its trouble was."""
        with writing(self._engine) as connection:
            found = endpoints.enable(connection, tenant, id)
        if found is None:
            raise NotFound("there is no endpoint in trouble with this id")
        return found


def _read(connection: Connection, tenant: str, delivery_id: str) -> RowMapping:
    its = (delivery.c.id == delivery_id, delivery.c.tenant == tenant)
    row = connection.execute(select(delivery).where(*its)).mappings().first()
    if row is None:
        raise NotFound("there is no delivery with this id")
    return row


def _told(connection: Connection, row: RowMapping) -> Told:
    last = select(attempt).where(attempt.c.delivery_id == row["id"])
    rows = connection.execute(last.order_by(attempt.c.number.desc()).limit(ATTEMPTS_SHOWN))
    return Told(row, rows.mappings().all()[::-1])
