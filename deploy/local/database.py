"""The database that commands work with: the given one, else the data directory's own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deploy.local.data_dir import DataDir
from deploy.local.status import without_password
from shared.errors import BusyError, StartupRefused

if TYPE_CHECKING:
    from sqlalchemy import Engine


def database_url(data_dir: DataDir) -> str:
    """QUEUECAST_DATABASE_URL, else that of the SQLite file, whose folder is made."""
    given = os.environ.get("QUEUECAST_DATABASE_URL")
    if given:
        return given
    data_dir.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return data_dir.database_url


@contextmanager
def opened_database(data_dir: DataDir) -> Iterator["Engine"]:
    """At this release's revision: the data directory's own is brought there.

    Raises StartupRefused, without a password, for a database that cannot be had or is not current.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from shared.db.engine import create_database_engine
    from shared.db.migrate import upgrade
    from shared.db.revision import require_current

    url = database_url(data_dir)
    try:
        if url == data_dir.database_url:
            upgrade(url)
        engine = create_database_engine(url)
        try:
            require_current(engine)
            yield engine
        finally:
            engine.dispose()
    except SQLAlchemyError as error:
        raise StartupRefused(f"{without_password(url)}: {str(error).splitlines()[0]}") from None
    except BusyError as error:
        raise StartupRefused(f"{without_password(url)}: {error.detail}") from None
