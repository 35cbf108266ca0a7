"""Which migration the database must be at; checked by every process that opens it."""

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from shared.db.engine import reading
from shared.errors import StartupRefused

HEAD = "0001"
"""The revision that this release works with."""


def require_current(engine: Engine) -> None:
    """Raises StartupRefused unless the database is at `HEAD`."""
    found = _current(engine)
    if found != HEAD:
        raise StartupRefused(
            f"the database is at revision {found or 'none'}, this release needs {HEAD}: "
            "run ./run migrate"
        )


def _current(engine: Engine) -> str | None:
    try:
        with reading(engine) as connection:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except DBAPIError:
        return None  # no such table: never migrated
