"""`./run migrate`: the database, brought to this release's revision."""

import os
import time

from deploy.local.data_dir import DataDir
from deploy.local.status import without_password
from deploy.local.terminal import say
from shared.errors import StartupRefused


def migrate(data_dir: DataDir) -> int:
    """QUEUECAST_DATABASE_URL, else the data directory's SQLite file."""
    url = os.environ.get("QUEUECAST_DATABASE_URL")
    if not url:
        data_dir.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        url = data_dir.database_url
    from sqlalchemy.exc import SQLAlchemyError

    from shared.db.migrate import upgrade

    began = time.monotonic()
    try:
        upgrade(url)
    except SQLAlchemyError as error:
        raise StartupRefused(f"{without_password(url)}: {str(error).splitlines()[0]}") from None
    say(f"{without_password(url)} is at this release's revision ({time.monotonic() - began:.1f} s)")
    return 0
