"""Waiting for a bell and taking what it rang for, in one round trip."""

from collections.abc import Sequence
from typing import Any, cast

import redis
from redis.commands.core import Script
from redis.exceptions import NoScriptError


def run_after_bell(
    client: redis.Redis,
    queue: str,
    seconds: float,
    script: Script,
    *,
    keys: Sequence[Any],
    args: Sequence[Any],
) -> tuple[bytes | None, Any]:
    """Pops a bell, waiting for one up to `seconds`; then runs the script, whether one came or not.

    Answers the bell and what the script answered. Redis works off what follows a command that
    blocks as soon as that is over, so the worker is woken once instead of twice. (A pipeline of the
    client's would cost as much as it saves.)
    """
    connection = client.connection_pool.get_connection()
    try:
        pop = ("BRPOP", queue, seconds)
        run = ("EVALSHA", script.sha, len(keys), *keys, *args)
        packed = connection.pack_commands([pop, run])  # type: ignore[no-untyped-call]
        connection.send_packed_command(packed)  # type: ignore[no-untyped-call]
        popped = cast("list[bytes] | None", connection.read_response())
        bell = popped[1] if popped else None
        try:
            return bell, connection.read_response()
        except NoScriptError:  # the server has begun anew
            return bell, script(keys=keys, args=args)
    except BaseException:
        # An answer may still be under way.
        connection.disconnect()  # type: ignore[no-untyped-call]
        raise
    finally:
        client.connection_pool.release(connection)
