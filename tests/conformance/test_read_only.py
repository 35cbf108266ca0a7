"""A database that takes no writes for a while, as after a failover, is nobody's mistake."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from shared.db.engine import create_database_engine, reading, writing
from shared.domain.ids import new_job_id
from shared.errors import Unavailable
from shared.jobs import store


@pytest.fixture
def read_only(engine: Engine) -> Iterator[Engine]:
    url = engine.url.render_as_string(hide_password=False)
    if engine.dialect.name == "postgresql":
        limited = create_database_engine(url)
        name = engine.url.database
        with engine.begin() as connection:
            read_only = "SET default_transaction_read_only = on"
            connection.execute(text(f"ALTER DATABASE {name} {read_only}"))
    else:
        file = url.replace("sqlite:///", "sqlite:///file:")
        limited = create_database_engine(f"{file}?mode=ro&uri=true")
    yield limited
    limited.dispose()


def test_a_write_that_is_refused_may_be_tried_again(read_only, new_job, settings) -> None:
    with pytest.raises(Unavailable), writing(read_only) as connection:
        store.insert(connection, [new_job().row(settings, None)])


def test_reads_go_on(read_only) -> None:
    with reading(read_only) as connection:
        assert store.read_many(connection, [new_job_id()]) == []


def test_an_error_does_not_tell_what_was_sent(engine, new_job, settings) -> None:
    row = new_job(input=b'"secret"', input_hash=None).row(settings, None)
    with pytest.raises(IntegrityError) as caught, writing(engine) as connection:
        store.insert(connection, [row])
    assert "secret" not in str(caught.value.orig.__class__) + str(caught.value).split("DETAIL")[0]
