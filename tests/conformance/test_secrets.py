"""Secrets: made once, encrypted in SQL, rotated with a day in which both sign."""

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy import Engine, select

from shared.clock import FakeClock
from shared.db.engine import reading
from shared.errors import Unavailable
from shared.webhooks.secrets import Secrets
from shared.webhooks.table import secret_table

KEY = Fernet.generate_key()


def cipher(*keys: bytes) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys or (KEY,)])


@pytest.fixture
def secrets(engine: Engine, clock: FakeClock) -> Secrets:
    return Secrets(engine, clock, cipher)


def test_a_secret_is_made_on_first_use_and_stays(secrets: Secrets) -> None:
    found = secrets.current("default")
    assert found.startswith("whsec_")
    assert len(base64.b64decode(found.removeprefix("whsec_"))) == 32
    assert secrets.current("default") == found
    assert secrets.current("other") != found


def test_who_asks_first_at_the_same_time_gets_the_same(secrets: Secrets) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: secrets.current("default"), range(16)))
    assert len(found) == 1


def test_what_is_stored_gives_nothing_away(secrets: Secrets, engine: Engine) -> None:
    found = secrets.current("default")
    with reading(engine) as connection:
        (row,) = connection.execute(select(secret_table)).mappings()
    assert found.removeprefix("whsec_") not in row["secret"]
    assert cipher().decrypt(row["secret"].encode()).decode() == found


def test_both_sign_for_a_day(secrets: Secrets, clock: FakeClock) -> None:
    old = secrets.current("default")
    new = secrets.rotate("default")
    assert secrets.current("default") == new != old
    clock.advance(timedelta(days=1).total_seconds() - 1)
    assert secrets.signing(["default"]) == {"default": [new, old]}
    clock.advance(1)
    assert secrets.signing(["default"]) == {"default": [new]}


def test_a_second_rotation_keeps_the_secret_in_use(secrets: Secrets) -> None:
    old = secrets.current("default")
    lost, new = secrets.rotate("default"), secrets.rotate("default")
    assert secrets.signing(["default"]) == {"default": [new, lost, old]}


def test_another_key_is_told_and_nothing_is_overwritten(
    secrets: Secrets, engine: Engine, clock: FakeClock
) -> None:
    found = secrets.current("default")
    other = Secrets(engine, clock, lambda: cipher(Fernet.generate_key()))
    with pytest.raises(Unavailable, match="another key"):
        other.current("default")
    with pytest.raises(Unavailable):
        other.rotate("default")
    assert secrets.current("default") == found


def test_keys_can_be_replaced_one_by_one(
    secrets: Secrets, engine: Engine, clock: FakeClock
) -> None:
    found = secrets.current("default")
    assert Secrets(engine, clock, lambda: cipher(Fernet.generate_key(), KEY)).current(
        "default"
    ) == found  # fmt: skip
