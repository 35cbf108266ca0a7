"""Four submitting processes, one job per submit: backlogs and bells against one message per job.

    python -m loadtests.one_job_per_submit [--jobs 4000] [--rounds 3]

Both arms store each job in SQLite, synced, before its submit returns, and record outcome and log
row; the time runs from the first submit to the last recorded job. HTTP is left out: it costs both
arms the same. Each round runs both arms on a fresh database and a fresh Redis.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from deploy.local.redis_binary import find_server
from loadtests.baselines import one_message_per_job as baseline
from models.registry import Registry
from shared.backlog.connections import connect
from shared.container import Container
from shared.db.engine import reading
from shared.db.migrate import upgrade
from shared.domain.ids import new_job_id
from shared.domain.states import State
from shared.jobs.new_job import NewJob
from shared.jobs.table import job_table
from shared.settings import Settings

SUBMITTERS = 4
IN_FLIGHT = 16
PATIENCE_SECONDS = 120.0

QUEUECAST = ("queuecast", ("workers preprocess", "workers predict", "workers record"))
BASELINE = (
    "one message per job",
    (
        "loadtests.baselines.one_message_per_job preprocess",
        "loadtests.baselines.one_message_per_job predict-cpu",
    ),
)


def jobs(count: int) -> list[NewJob]:
    """Distinct wine jobs."""
    model, version = Registry.load(Settings().models_folders).resolve("wine")
    made = []
    for number in range(count):
        data = orjson.dumps(model.example | {"alcohol": 11 + number / 10_000 + os.getpid() / 1e9})
        made.append(
            NewJob(
                id=new_job_id(), tenant="default", model="wine", version=version.version,
                digest=version.digest, input=data, input_hash="", body_hash="",
                created_at=datetime.now(UTC),
            )
        )  # fmt: skip
    return made


def submit_queuecast(count: int) -> None:
    """One process: `IN_FLIGHT` callers, each submitting one job at a time."""
    container = Container.for_api(Settings(), {})
    made = iter(jobs(count))

    async def caller() -> None:
        for job in made:
            await container.submitter.submit(job)

    async def callers() -> None:
        container.submitter.start()
        await asyncio.gather(*(caller() for _ in range(IN_FLIGHT)))
        container.submitter.stop()

    _wait_for_go()
    asyncio.run(callers())


def submit_baseline(count: int) -> None:
    app = baseline.create_app()
    made = jobs(count)
    _wait_for_go()
    for job in made:
        baseline.submit(app, job)


def measure(name: str, worker_commands: Sequence[str], count: int) -> float:
    """Jobs per second from the first submit to the last recorded job."""
    with _services() as folder:
        workers = [_python(*command.split()) for command in worker_commands]
        share = str(count // SUBMITTERS)
        submitters = [_python("loadtests.one_job_per_submit", "--submit", name, "--jobs", share)
                      for _ in range(SUBMITTERS)]  # fmt: skip
        try:
            _until(lambda: len(list(folder.glob("waiting-*"))) == SUBMITTERS)
            time.sleep(5)  # workers have no common sign of life in both arms
            begun = time.perf_counter()
            (folder / "go").touch()
            total = count // SUBMITTERS * SUBMITTERS
            _until(lambda: _recorded() == total)
            return total / (time.perf_counter() - begun)
        finally:
            for process in (*submitters, *workers):
                process.terminate()
            for process in (*submitters, *workers):
                process.wait(30)


@contextmanager
def _services() -> Iterator[Path]:
    """A Redis and a migrated SQLite of their own; the settings go into the environment."""
    with tempfile.TemporaryDirectory(prefix="qc-load-") as name:
        folder = Path(name)
        socket = folder / "redis.sock"
        options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", name]
        quiet = subprocess.DEVNULL
        redis = subprocess.Popen([str(find_server()), *options], stdout=quiet, stderr=quiet)
        os.environ |= {
            "QUEUECAST_REDIS_URL": f"unix://{socket}",
            "QUEUECAST_DATABASE_URL": f"sqlite:///{folder}/queuecast.db",
            "QUEUECAST_DATA_DIR": name,
            "QUEUECAST_LOG_LEVEL": "WARNING",
        }
        try:
            _until(socket.exists)
            upgrade(os.environ["QUEUECAST_DATABASE_URL"])
            connect(Settings(), timeout_seconds=5).ping()
            yield folder
        finally:
            redis.terminate()
            redis.wait(10)


def _recorded() -> int:
    statement = select(func.count()).where(job_table.c.status == State.SUCCEEDED.value)
    engine = Container(Settings(), {}).engine
    with reading(engine) as connection:
        count = connection.execute(statement).scalar_one()
    engine.dispose()
    return count


def _wait_for_go() -> None:
    folder = Settings().data_dir
    (folder / f"waiting-{os.getpid()}").touch()
    _until((folder / "go").exists)


def _until(condition) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the arm did not finish")
        time.sleep(0.05)


def _python(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", *arguments], env=dict(os.environ))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--submit", choices=[QUEUECAST[0], BASELINE[0]], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.submit:
        run = submit_queuecast if arguments.submit == QUEUECAST[0] else submit_baseline
        run(arguments.jobs)
        return
    table = Table("round", "queuecast jobs/s", "one message per job, jobs/s", "ratio")
    ratios = []
    for number in range(1, arguments.rounds + 1):
        ours = measure(*QUEUECAST, arguments.jobs)
        theirs = measure(*BASELINE, arguments.jobs // 4)
        ratios.append(ours / theirs)
        table.add_row(str(number), f"{ours:.0f}", f"{theirs:.0f}", f"{ratios[-1]:.1f}")
    table.add_row("median", "", "", f"{statistics.median(ratios):.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
