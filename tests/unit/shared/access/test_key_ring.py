"""Over real SQLite; time is held still."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from shared.access import store
from shared.access.key_ring import FRESH_SECONDS, LAST_SECONDS, KeyRing
from shared.access.keys import make_key
from shared.access.principal import Limits, Principal, Scope
from shared.clock import FakeClock
from shared.db.engine import create_database_engine, writing
from shared.db.migrate import upgrade
from shared.errors import Unavailable

Find = Callable[[str], Principal | None]


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ring") / "queuecast.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def engine(tmp_path: Path, migrated: Path) -> Iterator[Engine]:
    shutil.copy(migrated, tmp_path / "queuecast.db")
    engine = create_database_engine(f"sqlite:///{tmp_path}/queuecast.db")
    yield engine
    engine.dispose()


@pytest.fixture
def key(engine: Engine, clock: FakeClock) -> str:
    made, now = make_key(), clock.now()
    with writing(engine) as connection:
        store.insert(
            connection, made, tenant="acme", name="", scopes=[Scope.READ], now=now,
            expires_at=now + timedelta(hours=1),
        )  # fmt: skip
    return made.text


@pytest.fixture
def ring(engine: Engine, clock: FakeClock) -> KeyRing:
    return KeyRing(engine, clock, Limits(requests_per_second=3, jobs_in_flight=9))


@pytest.fixture
def find(ring: KeyRing) -> Find:
    return lambda text: asyncio.run(ring.find(text.encode()))


@pytest.fixture
def statements(engine: Engine) -> list[str]:
    made: list[str] = []
    event.listen(
        engine, "before_cursor_execute", lambda _c, _u, statement, *_: made.append(statement)
    )
    return made


def revoke(engine: Engine, key: str, clock: FakeClock) -> None:
    with writing(engine) as connection:
        assert store.revoke(connection, key[10:18], clock.now())


def test_a_key_names_its_tenant_and_what_it_may(find: Find, key: str) -> None:
    principal = find(key)
    assert principal is not None
    assert (principal.tenant, principal.scopes) == ("acme", {Scope.READ})
    assert not principal.may(Scope.PREDICT)


def test_limits_are_the_tenants_own_where_it_has_some(find: Find, key: str, engine: Engine) -> None:
    with writing(engine) as connection:
        store.limit(connection, "acme", {"jobs_in_flight": 0, "bytes_per_day": 5})
    principal = find(key)
    assert principal is not None
    assert principal.policies == Limits(3, 0, 5).policies
    assert [one.name for one in principal.policies] == ["requests", "bytes"]


def test_a_key_in_use_asks_nobody(find: Find, key: str, statements: list[str]) -> None:
    find(key)
    made = len(statements)
    assert [find(key) is not None for _ in range(5)] == [True] * 5
    assert len(statements) == made


@pytest.mark.parametrize("known_before", [False, True])
def test_a_wrong_secret_opens_nothing_and_costs_the_owner_nothing(
    find: Find, key: str, ring: KeyRing, known_before: bool
) -> None:
    other = make_key().text
    forged = key[:19] + other[19:]
    if known_before:
        find(key)
    assert find(forged) is None
    assert find(other) is None
    assert find("") is None
    assert ring.has_seen(key.encode()) is known_before


def test_a_revoked_key_opens_nothing_after_half_a_minute(
    find: Find, key: str, engine: Engine, clock: FakeClock
) -> None:
    find(key)
    revoke(engine, key, clock)
    clock.advance(FRESH_SECONDS + 0.1)
    assert find(key) is None
    assert FRESH_SECONDS < LAST_SECONDS == 30


def test_a_key_ends_on_time_though_it_is_remembered(find: Find, key: str, clock: FakeClock) -> None:
    clock.advance(3599)
    assert find(key) is not None
    clock.advance(1)
    assert find(key) is None


def test_while_sql_is_away_a_key_counts_for_half_a_minute(
    find: Find, key: str, engine: Engine, clock: FakeClock, tmp_path: Path
) -> None:
    find(key)
    engine.dispose()
    (tmp_path / "queuecast.db").unlink()
    (tmp_path / "queuecast.db").mkdir()
    clock.advance(LAST_SECONDS - 0.1)
    assert find(key) is not None
    clock.advance(0.2)
    with pytest.raises(Unavailable):
        find(key)
    with pytest.raises(Unavailable):
        find(make_key().text)


def test_many_that_ask_at_once_share_one_answer(
    ring: KeyRing, key: str, statements: list[str]
) -> None:
    async def ask() -> list[Principal | None]:
        return await asyncio.gather(*(ring.find(key.encode()) for _ in range(50)))

    assert len(asyncio.run(ask())) == 50
    assert len([one for one in statements if one.startswith("SELECT")]) == 1


def test_use_is_noted_every_ten_minutes(
    find: Find, key: str, engine: Engine, clock: FakeClock
) -> None:
    def used() -> object:
        with engine.connect() as connection:
            row = store.read(connection, key[10:18])
            return row and row["last_used_at"]

    assert used() is None
    find(key)
    noon = used()
    clock.advance(599)
    find(key)
    assert used() == noon
    clock.advance(FRESH_SECONDS + 1)
    find(key)
    assert used() == clock.now()
