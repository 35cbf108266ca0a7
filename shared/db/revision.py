"""Which migration the database must be at; checked by every process that opens it."""

from sqlalchemy import Engine, inspect, text

from shared.db.engine import reading
from shared.errors import BusyError, StartupRefused

HEAD = "0014"
"""The revision that this release works with."""


def require_current(engine: Engine) -> None:
    """Raises StartupRefused unless the database is there and at `HEAD`."""
    try:
        found = _current(engine)
    except BusyError as error:
        raise StartupRefused(error.detail) from error
    if found != HEAD:
        raise StartupRefused(
            f"the database is at revision {found or 'none'}, this release needs {HEAD}: "
            "run ./run migrate"
        )


def _current(engine: Engine) -> str | None:
    with reading(engine) as connection:
        # Asked for first: on SQLite a missing table looks like a database that cannot be reached.
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
