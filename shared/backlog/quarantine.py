"""What nobody can read: the last hundred are kept for whoever looks into it, all are counted."""

import redis

from shared.domain.names import Keys
from shared.telemetry import counters

LENGTH = 100
KEPT_CHARACTERS = 4096


def keep(client: redis.Redis, keys: Keys, what: object) -> None:
    """`client` may be a pipeline."""
    counters.quarantined.inc()
    shown = what[:KEPT_CHARACTERS] if isinstance(what, bytes) else what
    client.lpush(keys.quarantine, repr(shown)[:KEPT_CHARACTERS])
    client.ltrim(keys.quarantine, 0, LENGTH - 1)
