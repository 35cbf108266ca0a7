"""A net under single-flight: joiners whose leader ended without them run themselves.

The transaction that ends a leader ends its joiners, so there are none unless a row was changed from
outside, or lost.
"""

import structlog

from shared.container import Container
from shared.db.engine import reading, writing
from shared.jobs import joiners

log = structlog.get_logger()


class Leaderless:
    """One sweeper's step."""

    def __init__(self, container: Container) -> None:
        self._engine = container.engine
        self._clock = container.clock
        self._slice = container.settings.sweep_slice

    def run(self) -> None:
        with reading(self._engine) as connection:
            found = joiners.leaderless(connection, self._slice)
        if not found:
            return
        with writing(self._engine) as connection:
            for job_id in found:
                joiners.lead(connection, [job_id], self._clock.now())
        log.warning("leaderless_joiners_run", jobs=len(found))
