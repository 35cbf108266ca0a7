import base64
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from sqlalchemy import Engine, RowMapping

from deploy.local.redis_binary import find_server
from shared.backlog import connections
from shared.backlog.backlogs import Backlogs, Move
from shared.backlog.consumers import Consumer
from shared.backlog.entries import Entry
from shared.clock import FakeClock
from shared.db.engine import create_database_engine, reading, writing
from shared.db.migrate import upgrade
from shared.domain import prediction
from shared.domain.names import GROUP, Backlog, Keys, Stage, queue
from shared.domain.prediction import Snapshot
from shared.jobs import store
from shared.jobs.new_job import NewJob
from shared.payloads.directory import DirectoryBlobs
from shared.settings import Settings
from workers.sweep_steps import LOOK_ALIVE_SECONDS, Sweep
from workers.sweeper import Sweeper

WINE = Backlog(Stage.PREPROCESS, "wine", "1")


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """A real server that keeps nothing, on a socket of its own."""
    folder = Path(tempfile.mkdtemp(prefix="queuecast-"))
    options = {"port": "0", "unixsocket": f"{folder}/redis.sock", "save": "", "dir": str(folder)}
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    process = subprocess.Popen([find_server(), *arguments], stdout=subprocess.DEVNULL)
    url = f"unix://{folder}/redis.sock"
    patient = redis.Redis.from_url(url, retry=Retry(ConstantBackoff(0.02), 500))
    patient.ping()
    patient.close()
    yield url
    process.terminate()
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database that tests copy."""
    path = tmp_path_factory.mktemp("migrated") / "queuecast.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def settings(valkey_url: str, tmp_path: Path) -> Settings:
    return Settings(
        redis_url=valkey_url,
        database_url=f"sqlite:///{tmp_path}/queuecast.db",
        data_dir=tmp_path,
    )


@pytest.fixture
def keys(settings: Settings) -> Keys:
    return Keys(settings.key_prefix)


@pytest.fixture
def valkey(settings: Settings) -> Iterator[redis.Redis]:
    """A client of an empty server."""
    client = connections.connect(settings, timeout_seconds=5)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def fill(valkey: redis.Redis) -> Iterator[Callable[[], object]]:
    """Makes the server refuse whatever needs memory, as at its `maxmemory`."""
    valkey.config_set("maxmemory-policy", "noeviction")
    yield lambda: valkey.config_set("maxmemory", 1)
    valkey.config_set("maxmemory", 0)


class RungBells:
    """The bells that wait on the Celery queues of an empty server."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._queues = [keys.queue(queue(stage)) for stage in Stage]

    @property
    def rung(self) -> list[Backlog]:
        """Per queue, oldest first."""
        return [
            _rung_for(orjson.loads(message))
            for name in self._queues
            for message in self._client.lrange(name, 0, -1)[::-1]
        ]

    def clear(self) -> None:
        self._client.delete(*self._queues)


def _rung_for(message: dict[str, Any]) -> Backlog:
    arguments, *_ = orjson.loads(base64.b64decode(message["body"]))
    return Backlog(Stage(message["headers"]["task"]), *arguments)


@pytest.fixture
def bells(valkey: redis.Redis, keys: Keys) -> RungBells:
    return RungBells(valkey, keys)


@pytest.fixture
def backlogs(valkey: redis.Redis, settings: Settings) -> Backlogs:
    return Backlogs(valkey, settings)


@pytest.fixture
def enqueue(
    backlogs: Backlogs, new_job: Callable[..., NewJob], settings: Settings
) -> Callable[..., NewJob]:
    """Makes a job and puts it on its preprocess backlog."""

    def make(**changes: Any) -> NewJob:
        job = new_job(**changes)
        entry = Entry(job.snapshot(settings.echo_input_max_bytes), job.input)
        backlog = Backlog(Stage.PREPROCESS, job.model, job.version)
        assert backlogs.move([Move(entry, backlog)]) == [True]
        return job

    return make


@pytest.fixture
def snapshot(valkey: redis.Redis, keys: Keys) -> Callable[[str], Snapshot | None]:
    """What Redis says of a job."""

    def read(job_id: str) -> Snapshot | None:
        data = valkey.get(keys.snapshot(job_id))
        return prediction.decode(data) if data is not None else None

    return read


@pytest.fixture
def entries_of(valkey: redis.Redis, keys: Keys) -> Callable[[str], list[tuple[str, str | None]]]:
    """The stage of every entry of a job, with the consumer that holds it, if any."""

    def find(job_id: str) -> list[tuple[str, str | None]]:
        found = []
        for stream in sorted(valkey.scan_iter(f"{keys.prefix}backlog:*")):
            holders = _holders(valkey, stream)
            stage = keys.parse_stream(stream.decode())[0].stage.value
            for entry_id, fields in valkey.xrange(stream):
                if fields.get(b"k") == keys.snapshot(job_id).encode():
                    found.append((stage, holders.get(entry_id)))
        return found

    return find


@pytest.fixture
def consumer(valkey: redis.Redis, settings: Settings) -> Consumer:
    return Consumer(valkey, "predict", settings)


@pytest.fixture
def engine(settings: Settings, migrated_file: Path) -> Iterator[Engine]:
    """A migrated SQLite database of its own."""
    url = settings.database_url.get_secret_value()
    shutil.copy(migrated_file, url.removeprefix("sqlite:///"))
    engine = create_database_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def accept(
    engine: Engine, new_job: Callable[..., NewJob], settings: Settings
) -> Callable[..., NewJob]:
    """Makes a job and commits its row, if need be as a joiner; Redis knows nothing of it."""

    def make(*, joined_to: str | None = None, **changes: Any) -> NewJob:
        job = new_job(**changes)
        with writing(engine) as connection:
            store.insert(connection, [job.row(settings, None, joined_to)])
        return job

    return make


@pytest.fixture
def row(engine: Engine) -> Callable[[str], RowMapping]:
    def read(job_id: str) -> RowMapping:
        with reading(engine) as connection:
            return store.read_many(connection, [job_id])[0]

    return read


@pytest.fixture
def new_sweep(
    engine: Engine,
    valkey: redis.Redis,
    backlogs: Backlogs,
    settings: Settings,
    clock: FakeClock,
) -> Callable[..., Sweep]:
    """Makes sweeps that have seen Redis long enough to trust the heartbeats."""

    def make(**parts: Any) -> Sweep:
        standard = {
            "engine": engine,
            "redis": valkey,
            "backlogs": backlogs,
            "settings": settings,
            "clock": clock,
            "blobs": DirectoryBlobs(settings.blobs_dir),
        }
        sweep = Sweep(SimpleNamespace(**(standard | parts)))
        sweep.watch.seen(valkey.info("server")["run_id"], 0, clock.monotonic())
        clock.advance(LOOK_ALIVE_SECONDS)
        return sweep

    return make


@pytest.fixture
def sweep(new_sweep: Callable[..., Sweep]) -> Sweep:
    return new_sweep()


@pytest.fixture
def sweeper(
    valkey: redis.Redis, engine: Engine, backlogs: Backlogs, settings: Settings, clock: FakeClock
) -> Sweeper:
    """One that makes its rounds when it is told to."""
    parts = {"redis": valkey, "engine": engine, "backlogs": backlogs, "clock": clock}
    parts["blobs"] = DirectoryBlobs(settings.blobs_dir)
    return Sweeper(SimpleNamespace(settings=settings, **parts))


def _holders(client: redis.Redis, stream: bytes) -> dict[bytes, str]:
    if not client.xinfo_groups(stream):
        return {}
    pending = client.xpending_range(stream, GROUP, "-", "+", 10_000)
    return {one["message_id"]: one["consumer"].decode() for one in pending}
