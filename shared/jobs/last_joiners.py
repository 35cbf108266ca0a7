"""The joiners that the transaction of an end did not come to: any number may wait for one job."""

from datetime import datetime

import structlog
from sqlalchemy import Engine

from shared.db.engine import writing
from shared.errors import BusyError
from shared.jobs import lifecycle
from shared.jobs.lifecycle import Finished

log = structlog.get_logger()


def follow_all(engine: Engine, finished: Finished, now: datetime) -> None:
    """Ends them slice by slice, and adds them to `finished.joined`; to be called after the commit.

    A fault leaves the others to the sweeper: what has ended stays ended.
    """
    try:
        while finished.leaving:
            with writing(engine) as connection:
                followed = lifecycle.follow(connection, finished.leaving, now)
            finished.add(followed)
    except BusyError as error:
        log.warning("joiners_left_behind", leaders=len(finished.leaving), reason=error.detail)
