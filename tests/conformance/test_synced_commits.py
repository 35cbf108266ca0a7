"""What no kill can show: for a dead process the kernel keeps what a dead machine would lose."""

from sqlalchemy import Engine

from shared.db.engine import writing

ASKED = {
    "sqlite": "SELECT journal_mode, synchronous FROM pragma_journal_mode, pragma_synchronous",
    "postgresql": "SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'",
}
SYNCED = {"sqlite": ("wal", 2), "postgresql": ("on", "client")}
"""PostgreSQL's by us, whatever the server's own default is."""


def test_a_commit_is_synced(engine: Engine) -> None:
    database = engine.dialect.name
    with writing(engine) as connection:
        (found,) = connection.exec_driver_sql(ASKED[database]).all()
    assert tuple(found) == SYNCED[database]
