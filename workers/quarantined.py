"""`python -m workers.quarantined`: the beginnings of what nobody could read, newest first."""

import sys
from typing import cast

import redis
from pydantic import ValidationError

from shared.backlog import connections
from shared.domain.names import Keys
from shared.settings import Settings

REDIS_SECONDS = 5.0
SHOWN_CHARACTERS = 200


def main() -> int:
    try:
        settings = Settings()
        client = connections.connect(settings, timeout_seconds=REDIS_SECONDS)
        kept = cast("list[bytes]", client.lrange(Keys(settings.key_prefix).quarantine, 0, -1))
    except (ValidationError, redis.RedisError) as error:
        sys.stderr.write(f"quarantined: {type(error).__name__}: is QUEUECAST_REDIS_URL right?\n")
        return 2
    for one in kept:
        sys.stdout.write(f"{one.decode()[:SHOWN_CHARACTERS]}\n")
    sys.stderr.write(f"{len(kept)} kept\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
