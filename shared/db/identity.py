"""Which database this is, however it was named: by that processes know whether they share one."""

from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from shared.db.engine import reading

_POSTGRESQL = text(
    "SELECT system_identifier::text || '/' || current_database() FROM pg_control_system()"
)


def database_identity(engine: Engine) -> str | None:
    """None where the server does not tell; raises BusyError.

    A replica that takes over has that of its primary. A copy, or what was restored, has its own.
    """
    if engine.dialect.name == "sqlite":
        return f"sqlite/{Path(engine.url.database or '').stat().st_ino}"
    try:
        with reading(engine) as connection:
            found: str = connection.execute(_POSTGRESQL).scalar_one()
            return found
    except DBAPIError:  # this role may not ask
        return None
