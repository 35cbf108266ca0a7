"""`./run migrate`: the database, brought to this release's revision."""

import time

from deploy.local.data_dir import DataDir
from deploy.local.database import database_url
from deploy.local.status import without_password
from deploy.local.terminal import say
from shared.errors import StartupRefused


def migrate(data_dir: DataDir) -> int:
    """QUEUECAST_DATABASE_URL, else the data directory's SQLite file."""
    url = database_url(data_dir)
    from sqlalchemy.exc import SQLAlchemyError

    from shared.db.migrate import upgrade

    began = time.monotonic()
    try:
        upgrade(url)
    except SQLAlchemyError as error:
        raise StartupRefused(f"{without_password(url)}: {str(error).splitlines()[0]}") from None
    say(f"{without_password(url)} is at this release's revision ({time.monotonic() - began:.1f} s)")
    return 0
