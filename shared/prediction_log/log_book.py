"""What a tenant asks of the prediction log, and tells it."""

from collections.abc import Sequence

from sqlalchemy import Engine, RowMapping

from shared.clock import Clock
from shared.db.engine import reading, writing
from shared.errors import NotFound
from shared.prediction_log import accuracy, distribution, feedback, listing
from shared.prediction_log.accuracy import Accuracy, Span
from shared.prediction_log.distribution import Distribution
from shared.prediction_log.feedback import Truth
from shared.prediction_log.listing import Found, Position, Wanted


class LogBook:
    """Blocking; every method raises BusyError."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def page(self, wanted: Wanted, limit: int, before: Position | None = None) -> Found:
        with reading(self._engine) as connection:
            return listing.page(connection, wanted, limit, before)

    def read(self, tenant: str, job_id: str) -> RowMapping:
        """Raises NotFound for what is not in the tenant's log."""
        with reading(self._engine) as connection:
            row = listing.read(connection, tenant, job_id)
        if row is None:
            raise NotFound("the log holds no prediction of this id")
        return row

    def give(self, tenant: str, truths: Sequence[Truth]) -> dict[str, RowMapping]:
        """The feedback as it stands now, of those of the predictions that are in the log."""
        with writing(self._engine) as connection:
            return feedback.give(connection, tenant, truths, self._clock.now())

    def accuracy(self, span: Span, *, hourly: bool) -> Accuracy:
        with reading(self._engine) as connection:
            return accuracy.accuracy(connection, span, hourly=hourly)

    def distribution(self, span: Span, *, hourly: bool) -> Distribution:
        with reading(self._engine) as connection:
            return distribution.distribution(connection, span, hourly=hourly)
