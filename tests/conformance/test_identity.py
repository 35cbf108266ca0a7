from shared.db.engine import create_database_engine
from shared.db.identity import database_identity


def test_a_database_is_the_same_however_often_it_is_asked(engine) -> None:
    again = create_database_engine(engine.url.render_as_string(hide_password=False))
    assert database_identity(again) == database_identity(engine) is not None
    again.dispose()


def test_another_one_is_another(engine, empty_database_url) -> None:
    other = create_database_engine(empty_database_url.replace("queuecast.db", "other.db"))
    other.connect().close()
    assert database_identity(other) != database_identity(engine)
    other.dispose()
