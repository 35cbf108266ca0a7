"""A net under single-flight: joiners whose leader ended without them end as it did, or run.

The end of a leader is that of its joiners too, so there are none unless a process died between two
slices of very many, or a row was changed from outside, or lost.
"""

import structlog

from shared.container import Container
from shared.db.engine import reading
from shared.jobs import joiners
from shared.jobs.last_joiners import follow_all
from shared.jobs.lifecycle import Finished

log = structlog.get_logger()


class Leaderless:
    """One sweeper's step."""

    def __init__(self, container: Container) -> None:
        self._engine = container.engine
        self._clock = container.clock
        self._slice = container.settings.sweep_slice

    def run(self) -> None:
        with reading(self._engine) as connection:
            leaders = joiners.left_behind(connection, self._slice)
        if leaders:
            log.warning("joiners_were_left_behind", leaders=len(leaders))
            follow_all(self._engine, Finished(leaving=leaders), self._clock.now())
