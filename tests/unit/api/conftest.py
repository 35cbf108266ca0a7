"""The application over real SQLite and a real submitter; Redis and the backlogs are fakes."""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr
from sqlalchemy import select
from starlette.testclient import TestClient

from api.app import create_app
from models.registry import Registry
from shared.access import store
from shared.access.keys import make_key
from shared.access.principal import Scope
from shared.backlog.backlogs import Move
from shared.backlog.rooms import Count
from shared.container import Container
from shared.db.engine import writing
from shared.db.migrate import upgrade
from shared.domain.names import Backlog
from shared.domain.outcome import Outcome
from shared.domain.prediction import Snapshot, encode
from shared.domain.rate_limits import Policy
from shared.domain.states import State
from shared.jobs import lifecycle
from shared.jobs.lifecycle import End
from shared.jobs.positions import Position
from shared.jobs.table import job_table
from shared.result_cache.results import Answer, Question
from shared.settings import BUNDLED_MODELS_DIR, Settings


class RecordingBacklogs:
    """Takes every move and remembers it."""

    def __init__(self) -> None:
        self.moves: list[Move] = []
        self.finished: list[Snapshot] = []
        self.rung: list[Backlog] = []

    def ring(self, backlogs: Sequence[Backlog]) -> list[Backlog]:
        self.rung += backlogs
        return list(backlogs)

    def finish(self, snapshots: Sequence[Snapshot], **_: object) -> None:
        self.finished += snapshots

    def leave(self, snapshots: Sequence[Snapshot], _: object) -> None:
        self.finished += snapshots

    def move(self, moves: Sequence[Move]) -> list[bool]:
        self.moves += moves
        return [True] * len(moves)


class FakeResults:
    """Knows nothing, or the one answer to every question; remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: Answer | None = None
        self.asked: list[Question] = []

    def look_up(self, questions: Sequence[Question]) -> dict[str, Answer]:
        self.asked += questions
        answer = self.answer
        return {one.job_id: answer for one in questions if one.reuse and answer is not None}


class Channel:
    """Says what it is told to, and only that."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def __aenter__(self) -> "Channel":
        self.loop = asyncio.get_running_loop()
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def subscribe(self, *_: str) -> None:
        return None

    async def get_message(self, **_: Any) -> dict[str, Any]:
        return await self.messages.get()


class SnapshotRedis:
    """Snapshots under their keys."""

    def __init__(self) -> None:
        self._snapshots: dict[str, bytes] = {}
        self._following: list[Snapshot] = []
        self._channel = Channel()

    def show(self, snapshot: Snapshot, *, then: Snapshot | None = None) -> None:
        """`then` takes its place after the first look, and is announced."""
        self._snapshots[f"queuecast:job:{snapshot['id']}"] = encode(snapshot)
        self._following += [then] if then else []

    def announce(self, end: Snapshot) -> None:
        """Shows an end from another thread, and says so on the channel."""
        self.show(end)
        message = {"type": "message", "data": orjson.dumps({end["id"]: encode(end).decode()})}
        self._channel.loop.call_soon_threadsafe(self._channel.messages.put_nowait, message)

    async def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        found = [self._snapshots.get(key) for key in keys]
        while self._following:
            following = self._following.pop()
            self.show(following)
            self._channel.messages.put_nowait(
                {"type": "message", "data": orjson.dumps({following["id"]: None})}
            )
        return found

    def pubsub(self) -> Channel:
        return self._channel


class FakeUsage:
    """Lets everything pass, or makes wait for what it is told to; remembers what was used."""

    def __init__(self) -> None:
        self.used: list[tuple[str, str, int]] = []
        self.waits: dict[str, float] = {}

    async def use(self, tenant: str, policy: Policy, cost: int) -> float | None:
        self.used.append((tenant, policy.name, cost))
        return self.waits.get(policy.name)


class FakePositions:
    """Every job waits, at the place that it is told."""

    position: Position | None = None

    async def of(self, _job: Snapshot) -> Position | None:
        return self.position


class FakedContainer(Container):
    @cached_property
    def positions(self) -> Any:
        return FakePositions()

    @cached_property
    def usage(self) -> Any:
        return FakeUsage()

    @cached_property
    def queue_lengths(self) -> Any:
        async def moved(model: str, _most: int) -> Count:
            return Count(
                len([one for one in self.backlogs.moves if one.entry.job["model"] == model])
            )

        return moved

    @cached_property
    def backlogs(self) -> Any:
        return RecordingBacklogs()

    @cached_property
    def results(self) -> Any:
        return FakeResults()

    @cached_property
    def redis_async(self) -> Any:
        return SnapshotRedis()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "queuecast.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """The bundled models, and `tensors`: the wine file again, with the generic tensor contract.

    `tensors` says that it is no function of its input.
    """
    folder = tmp_path_factory.mktemp("models")
    wine = BUNDLED_MODELS_DIR / "wine" / "1" / "model.onnx"
    digest = sha256(wine.read_bytes()).hexdigest()
    (folder / "tensors" / "1").mkdir(parents=True)
    shutil.copy(wine, folder / "tensors" / "1")
    (folder / "tensors" / "model.toml").write_text(
        'name = "tensors"\ncache = false\n[limits]\nmax_rows = 4\n[[versions]]\nversion = "1"\n'
        f'file = "1/model.onnx"\nsha256 = "{digest}"\n'
    )
    return Registry.load([BUNDLED_MODELS_DIR, folder])


@pytest.fixture
def settings(tmp_path: Path, migrated_file: Path) -> Settings:
    shutil.copy(migrated_file, tmp_path / "queuecast.db")
    return Settings(
        redis_url=SecretStr(f"unix://{tmp_path}/no-redis.sock"),
        database_url=SecretStr(f"sqlite:///{tmp_path}/queuecast.db"),
        data_dir=tmp_path,
        body_max_bytes=100_000,
    )


@pytest.fixture
def container(settings: Settings) -> Iterator[Container]:
    container = FakedContainer(settings, served={})
    yield container
    container.engine.dispose()


@pytest.fixture
def client(container: Container, registry: Registry) -> Iterator[TestClient]:
    app = create_app(container, registry)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@dataclass(frozen=True)
class Keyed:
    """An application that asks for keys, and those who have some."""

    container: Container
    client: TestClient

    def key(self, tenant: str = "acme", scopes: str = "predict read", days: int = 1) -> str:
        """Makes a key and stores it."""
        made, now = make_key(), self.container.clock.now()
        with writing(self.container.engine) as connection:
            words, end = [Scope(word) for word in scopes.split()], now + timedelta(days=days)
            store.insert(
                connection, made, tenant=tenant, name="", scopes=words, now=now, expires_at=end
            )
        return made.text

    def headers(self, *about: Any, **more: Any) -> dict[str, str]:
        """Those of a request with a new key."""
        return {"Authorization": f"Bearer {self.key(*about, **more)}"}


@pytest.fixture
def with_settings(
    settings: Settings, registry: Registry
) -> Iterator[Callable[..., tuple[Container, TestClient]]]:
    """Starts the application with other settings."""
    with ExitStack() as stack:

        def start(**changes: Any) -> tuple[Container, TestClient]:
            container = FakedContainer(settings.model_copy(update=changes), served={})
            stack.callback(container.engine.dispose)
            app = create_app(container, registry)
            client = TestClient(app, raise_server_exceptions=False)
            return container, stack.enter_context(client)

        yield start


@pytest.fixture
def keyed(with_settings: Callable[..., tuple[Container, TestClient]]) -> Keyed:
    return Keyed(*with_settings(keys_required=True))


@pytest.fixture
def wine(registry: Registry) -> dict[str, float]:
    return dict(registry.models["wine"].example)


@pytest.fixture
def submission(wine: dict[str, float]) -> dict[str, Any]:
    return {"model": "wine", "input": wine}


@pytest.fixture
def rows(container: Container) -> Any:
    """Calling it gives all job rows."""

    def read() -> list[Any]:
        with container.engine.connect() as connection:
            return list(connection.execute(select(job_table)).mappings())

    return read


@pytest.fixture
def finish(container: Any) -> Any:
    """Gives a prediction its output, in SQL."""

    def run(job_id: str) -> None:
        end = End(
            job_id, None, Outcome(State.SUCCEEDED, output=b'{"label":"barolo"}', batch_size=3)
        )
        with container.engine.begin() as connection:
            lifecycle.finish(connection, [end], datetime.now(UTC))

    return run


@pytest.fixture
def nothing_happened(container: Container, rows: Any) -> Any:
    """Calling it asserts that no row was created and nothing was queued."""

    def check() -> None:
        assert rows() == []
        assert container.backlogs.moves == []

    return check


@pytest.fixture
def lose_database(container: Container) -> Any:
    """Calling it makes the database unreachable: a folder stands where its file was."""

    def lose() -> None:
        container.engine.dispose()
        file = container.settings.data_dir / "queuecast.db"
        file.unlink()
        file.mkdir()

    return lose
