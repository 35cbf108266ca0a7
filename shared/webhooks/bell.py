"""Says that deliveries are due."""

import redis
import structlog

from shared.backlog.backlogs import Backlogs
from shared.domain.names import DELIVER
from shared.telemetry import counters

log = structlog.get_logger()


def ring(backlogs: Backlogs) -> None:
    """Where Redis cannot be reached the sweeper says so later."""
    try:
        backlogs.ring([DELIVER])
    except redis.RedisError as error:
        counters.redis_failures.labels("ring").inc()
        log.warning("deliveries_wait_for_redis", error=type(error).__name__)
