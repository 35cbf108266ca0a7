"""Keys and limits mean the same on both databases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from shared.access import store
from shared.access.keys import NewKey, make_key
from shared.access.principal import Scope
from shared.clock import FakeClock
from shared.db.engine import reading, writing

Made = Callable[..., NewKey]


@pytest.fixture
def made(engine: Engine, clock: FakeClock) -> Made:
    """Makes a key and stores it."""

    def make(tenant: str = "acme", lasts: timedelta | None = None) -> NewKey:
        key, now = make_key(), clock.now()
        with writing(engine) as connection:
            store.insert(
                connection, key, tenant=tenant, name="laptop", scopes=[Scope.PREDICT, Scope.READ],
                now=now, expires_at=now + lasts if lasts else None,
            )  # fmt: skip
        return key

    return make


@pytest.fixture
def row(engine: Engine) -> Callable[[NewKey], Any]:
    def read(key: NewKey) -> Any:
        with reading(engine) as connection:
            return store.read(connection, key.id)

    return read


def test_a_key_is_read_as_it_was_stored(made: Made, row: Any, clock: FakeClock) -> None:
    key = made(lasts=timedelta(days=1))
    found = row(key)
    assert (found["tenant"], found["scopes"]) == ("acme", "predict read")
    assert found["digest"] == key.digest
    assert found["expires_at"] == clock.now() + timedelta(days=1)
    assert found["jobs_in_flight"] is None


def test_the_text_of_a_key_is_nowhere(made: Made, engine: Engine) -> None:
    key = made()
    with reading(engine) as connection:
        stored = repr(store.read_all(connection))
    assert key.id in stored
    assert key.text[-49:] not in stored


def test_keys_are_listed_by_tenant(made: Made, engine: Engine) -> None:
    ours, theirs = made(), made("other")
    with reading(engine) as connection:
        assert [one["id"] for one in store.read_all(connection, "acme")] == [ours.id]
        assert {one["id"] for one in store.read_all(connection)} == {ours.id, theirs.id}


def test_a_key_is_revoked_once(made: Made, row: Any, engine: Engine, clock: FakeClock) -> None:
    key = made()
    with writing(engine) as connection:
        assert store.revoke(connection, key.id, clock.now())
        assert not store.revoke(connection, key.id, clock.now() + timedelta(1))
        assert not store.revoke(connection, "nobody00", clock.now())
    assert row(key)["revoked_at"] == clock.now()


def test_a_key_is_usable_until_it_is_revoked_or_ends(
    made: Made, engine: Engine, clock: FakeClock
) -> None:
    with writing(engine) as connection:
        assert not store.any_usable(connection, clock.now())
    made(lasts=timedelta(seconds=10))
    key = made()
    with writing(engine) as connection:
        assert store.any_usable(connection, clock.now())
        store.revoke(connection, key.id, clock.now())
        assert store.any_usable(connection, clock.now())
        assert not store.any_usable(connection, clock.now() + timedelta(seconds=10))


def test_an_end_is_only_ever_moved_nearer(
    made: Made, row: Any, engine: Engine, clock: FakeClock
) -> None:
    lasting, short = made(), made(lasts=timedelta(hours=1))
    tomorrow = clock.now() + timedelta(days=1)
    with writing(engine) as connection:
        for key in (lasting, short):
            store.expire(connection, key.id, tomorrow)
    assert row(lasting)["expires_at"] == tomorrow
    assert row(short)["expires_at"] == clock.now() + timedelta(hours=1)


def test_limits_of_a_tenant_are_set_one_by_one(made: Made, row: Any, engine: Engine) -> None:
    key, other = made(), made("other")
    with writing(engine) as connection:
        store.limit(connection, "acme", {"jobs_in_flight": 5, "bytes_per_day": 10**12})
        store.limit(connection, "acme", {"requests_per_second": 7, "jobs_in_flight": None})
        assert [one["tenant"] for one in store.read_limits(connection)] == ["acme"]
    found = row(key)
    assert (found["requests_per_second"], found["jobs_in_flight"]) == (7, None)
    assert found["bytes_per_day"] == 10**12
    assert row(other)["requests_per_second"] is None
