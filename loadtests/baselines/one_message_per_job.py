"""The other arm of `one_job_per_submit`: the same steps with one Celery message per job and stage.

Same models, same SQLite settings, a row per job synced before the message is sent, the outcome and
its log row in one transaction. What it lacks is what is measured: batches.
"""

import base64
import sys
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
from celery import Celery

from models.registry import Registry
from shared.container import Container
from shared.db.engine import writing
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle, store
from shared.jobs.lifecycle import End
from shared.jobs.new_job import NewJob
from shared.settings import Settings
from workers import tensors
from workers.sessions import Session, Sessions
from workers.watchdog import Watchdog


@cache
def container() -> Container:
    return Container(Settings(), {})


@cache
def session() -> Session:
    settings = container().settings
    return Sessions(Registry.load(settings.models_folders), settings).get("wine", "1")


@cache
def watchdog() -> Watchdog:
    return Watchdog(container().clock)


def create_app() -> Celery:
    app = container().celery
    app.conf.broker_transport_options["global_keyprefix"] = "baseline:"

    @app.task(name="preprocess")
    def preprocess(job_id: str, data: str) -> None:
        encoded = tensors.encode(session().processor.preprocess(orjson.loads(data)))
        app.send_task("predict", [job_id, base64.b64encode(encoded).decode()], queue="predict-cpu")

    @app.task(name="predict")
    def predict(job_id: str, data: str) -> None:
        outputs = session().run(tensors.decode(base64.b64decode(data)), watchdog())
        output = orjson.dumps(session().processor.postprocess(outputs))
        with writing(container().engine) as connection:
            end = End(job_id, 1, Outcome(State.SUCCEEDED, output=output))
            lifecycle.finish(connection, [end], datetime.now(UTC))

    return app


def submit(app: Celery, job: NewJob) -> None:
    """A synced row, then a message."""
    with writing(container().engine) as connection:
        store.insert(connection, [job.row(container().settings, None)])
    app.send_task("preprocess", [job.id, job.input.decode()], queue="preprocess")


def main(queue: str) -> None:
    app: Any = create_app()
    session()
    # fmt: off
    app.worker_main([
        "worker", "--queues", queue, "--pool", "threads", "--concurrency", "1",
        "--hostname", f"{queue}@%h", "--loglevel", "WARNING",
        "--task-events", "--without-gossip", "--without-mingle",
    ])
    # fmt: on


if __name__ == "__main__":
    main(sys.argv[1])
