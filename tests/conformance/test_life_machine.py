"""The machine of `life/` over the real code: both databases, a real Valkey."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from shared.settings import Settings
from tests.conformance.life.machine import run
from tests.conformance.life.real_world import RealWorld, Valkey


@pytest.fixture(scope="module")
def server() -> Iterator[Valkey]:
    server = Valkey()
    yield server
    server.close()


@pytest.fixture
def settings(server: Valkey, engine: Engine, tmp_path: Path) -> Settings:
    url = engine.url.render_as_string(hide_password=False)
    return Settings(redis_url=server.url, database_url=url, data_dir=tmp_path)


def test_the_promises_hold_in_the_real_system(engine, server, settings) -> None:
    run(lambda: RealWorld(engine, server, settings), examples=4, steps=20)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_promises_hold_in_many_real_lives(engine, server, settings) -> None:
    run(lambda: RealWorld(engine, server, settings), examples=60, steps=40)
