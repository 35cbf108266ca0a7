"""`./run up` on an address that others reach: only with keys, and with one that opens."""

import os
from datetime import UTC, datetime

from deploy.local.data_dir import DataDir
from deploy.local.database import opened_database
from shared.errors import StartupRefused

KEYS_REQUIRED = "QUEUECAST_KEYS_REQUIRED"
_NO = frozenset({"0", "false", "f", "no", "n", "off"})


def require_keys(data_dir: DataDir, host: str) -> None:
    """Raises StartupRefused, which says how to make a key, while there is none."""
    if os.environ.get(KEYS_REQUIRED, "").lower() in _NO:
        raise StartupRefused(f"--host {host}: others can reach it, but {KEYS_REQUIRED} says no")
    from shared.access import store
    from shared.db.engine import reading

    with opened_database(data_dir) as engine, reading(engine) as connection:
        if not store.any_usable(connection, datetime.now(UTC)):
            raise StartupRefused(
                f"--host {host}: others can reach it, and there is no API key yet; make one with "
                f"./run keys create --data-dir {data_dir.path}"
            )
