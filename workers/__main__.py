"""`python -m workers STAGE [--lane LANE]`: one worker process."""

import argparse
import atexit
import os
import sys

import celery.apps.worker
import structlog
from pydantic import ValidationError

from models.registry import Registry
from shared import collector
from shared.container import Container
from shared.domain.names import Stage, queue
from shared.errors import BusyError, StartupRefused
from shared.settings import Settings
from shared.telemetry import exposition, logs, tracing, vital_signs
from workers.alive import STARTING_SECONDS, AliveFile
from workers.app import create_app, own_queue
from workers.memory import keep_freed_memory


def main() -> None:
    arguments = _arguments()
    keep_freed_memory()
    try:
        settings = Settings()
    except ValidationError as error:
        names = ", ".join(f"QUEUECAST_{part['loc'][0]}".upper() for part in error.errors())
        sys.exit(f"workers: these settings are missing or wrong: {names}")
    except StartupRefused as error:
        sys.exit(f"workers: {error.detail}")
    logs.configure(settings)
    tracing.configure(settings, arguments.stage)
    AliveFile(settings.alive_file).promise(STARTING_SECONDS)
    stage = Stage(arguments.stage)
    try:
        registry = Registry.load(settings.models_folders)
        for refused in registry.refused:
            structlog.get_logger().error("model_refused", model=refused.name, reason=refused.reason)
        container = Container(settings, registry.served, lane=arguments.lane)
        app, worker = create_app(stage, container, registry)
        with_sql = stage in (Stage.RECORD, Stage.DELIVER)
        company = container.company(stage.value, registry.fingerprint, with_sql=with_sql)
        company.join()
        exposition.serve(settings)
    except (StartupRefused, BusyError) as error:
        sys.exit(f"workers: {error.detail}")
    atexit.register(company.leave)
    vital_signs.tell(stage.value)
    collector.settle()
    threads = settings.predict_threads if stage is Stage.PREDICT else 1
    # One thread needs no pool: the consumer runs the task itself and holds no other bell then.
    pool = "threads" if threads > 1 else "solo"
    name = f"{queue(stage, arguments.lane)}-{os.getpid()}@%h"
    # Celery announces its end past all loggers, in lines that are no JSON.
    celery.apps.worker.safe_say = lambda *_: None
    # fmt: off
    app.worker_main([
        "--quiet", "worker", "--queues", f"{queue(stage, arguments.lane)},{own_queue()}",
        "--hostname", name,
        "--pool", pool, "--concurrency", str(threads), "--loglevel", settings.log_level,
        "--task-events", "--without-gossip", "--without-mingle",
    ])
    # fmt: on
    sys.exit(worker.exit_status)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("stage", choices=[stage.value for stage in Stage])
    parser.add_argument("--lane", default="cpu", help="which models a predict worker serves")
    return parser.parse_args()


if __name__ == "__main__":
    main()
