"""The Celery application of a worker process, with the tasks of its stage."""

import secrets
from functools import cache, partial

from celery import Celery
from celery.signals import worker_ready, worker_shutdown, worker_shutting_down
from kombu.entity import Queue

from models.registry import Registry
from shared.backlog.bell_check import is_bell
from shared.container import Container
from shared.domain.names import Keys, Stage
from workers.alive import STARTING_SECONDS, AliveFile
from workers.bell_channel import let_pass_only
from workers.heartbeat import Heartbeat
from workers.listening import Listening
from workers.preprocess import Preprocess
from workers.pulse import Canary
from workers.worker import Worker


def create_app(stage: Stage, container: Container, registry: Registry) -> tuple[Celery, Worker]:
    """Loads what the stage needs and registers its task; nothing is consumed yet."""
    worker = Worker(stage, container, registry)
    worker.memory.bind()
    worker.watchdog.start()  # before anything runs: a model's example may run for ever
    app = container.celery
    if stage is Stage.PREPROCESS:
        _register_preprocess(app, worker)
    elif stage is Stage.PREDICT:
        _register_predict(app, worker)
    elif stage is Stage.RECORD:
        _register_record(app, worker)
    else:
        _register_deliver(app, worker)
    tasks = {name for name in app.tasks if not name.startswith("celery.")}
    let_pass_only(partial(is_bell, tasks=tasks), worker.set_bell_aside, worker.pulse.heard)
    _live(worker, app)
    return app, worker


@cache
def own_queue() -> str:
    """The Celery queue that this process alone reads: its canary comes this way.

    Neither host nor pid tells processes apart: each container has its own of the latter.
    """
    return f"canary-{secrets.token_hex(8)}"


def _register_preprocess(app: Celery, worker: Worker) -> None:
    stage = Preprocess(worker)
    listening = _listening(worker)

    @app.task(name=Stage.PREPROCESS.value)
    def preprocess(model: str, version: str) -> int:
        with worker.starting_anew_on_error():
            return listening.work(stage, model, version)


def _register_predict(app: Celery, worker: Worker) -> None:
    from workers.predict import Predict
    from workers.sessions import Sessions

    sessions = Sessions(worker.registry, worker.settings)
    alive = AliveFile(worker.settings.alive_file)
    # For each anew: several slow ones together may take longer than any time that was promised.
    seconds = STARTING_SECONDS + worker.settings.model_load_seconds
    sessions.warm_up(worker.container.lane, worker.watchdog, lambda: alive.promise(seconds))
    stage = Predict(worker, sessions)
    listening = _listening(worker)

    @app.task(name=Stage.PREDICT.value)
    def predict(model: str, version: str) -> int:
        with worker.starting_anew_on_error():
            return listening.work(stage, model, version)


def _register_record(app: Celery, worker: Worker) -> None:
    from shared.db.revision import require_current
    from workers.record import Record

    require_current(worker.container.engine)
    stage = Record(worker)
    listening = _listening(worker)

    @app.task(name=Stage.RECORD.value)
    def record() -> int:
        with worker.starting_anew_on_error():
            return listening.work(stage)


def _listening(worker: Worker) -> Listening:
    return Listening(worker, partial(is_bell, tasks={worker.stage.value}))


def _register_deliver(app: Celery, worker: Worker) -> None:
    from shared.db.revision import require_current
    from shared.webhooks.cipher import require_cipher
    from workers.deliver import Deliver
    from workers.public_network import PublicNetwork
    from workers.resolver import Resolver, be_impatient
    from workers.sending import Sender

    require_current(worker.container.engine)
    require_cipher(worker.settings)
    be_impatient()
    network = PublicNetwork(Resolver(), allow_loopback=worker.settings.webhook_development)
    stage = Deliver(worker, Sender(network, worker.clock, worker.settings))

    @app.task(name=Stage.DELIVER.value)
    def deliver() -> int:
        with worker.starting_anew_on_error():
            return stage()


def _live(worker: Worker, app: Celery) -> None:
    """A heartbeat for as long as the worker consumes."""
    name, container = own_queue(), worker.container
    app.conf.task_queues.append(Queue(name, routing_key=name))  # type: ignore[no-untyped-call]
    canary = Canary(container.redis, Keys(worker.settings.key_prefix).queue(name))
    heartbeat = Heartbeat(
        worker.consumer,
        worker.watchdog,
        worker.pulse,
        canary,
        worker.clock,
        pause_seconds=worker.settings.heartbeat_seconds,
        alive=AliveFile(worker.settings.alive_file),
        look=worker.make_room,
    )

    @worker_ready.connect(weak=False)
    def begin(**_: object) -> None:
        worker.memory.begin()
        heartbeat.start()

    @worker_shutting_down.connect(weak=False)
    def stopping(**_: object) -> None:
        worker.stopping = True

    @worker_shutdown.connect(weak=False)
    def end(**_: object) -> None:
        heartbeat.stop()
