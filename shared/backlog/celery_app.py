"""The Celery application of the workers: its settings; each stage adds its task."""

from celery import Celery
from kombu.entity import Queue

from shared.domain.names import Stage, queue
from shared.settings import Settings


def create_celery(
    settings: Settings, *, socket_timeout: float, lanes: tuple[str, ...] = ("cpu",)
) -> Celery:
    """A configured Celery application; `socket_timeout` in seconds bounds every broker call.

    A bell carries nothing, so it is never retried and has no result: the stream's pending list
    holds the work.
    """
    app = Celery("queuecast", set_as_current=False)
    queues = [queue(stage) for stage in Stage if stage is not Stage.PREDICT]
    queues += [queue(Stage.PREDICT, lane) for lane in lanes]
    app.conf.update(
        broker_url=settings.broker_url,
        result_backend=None,
        task_ignore_result=True,
        accept_content=["json"],
        task_serializer="json",
        event_serializer="json",
        # An unacknowledged bell keeps a busy worker from fetching another, which an idle one could
        # answer. Lost with its worker it does no harm: the sweeper rings.
        task_acks_late=True,
        task_reject_on_worker_lost=False,
        task_queues=[Queue(name, routing_key=name) for name in queues],  # type: ignore[no-untyped-call]
        task_default_queue=queue(Stage.PREPROCESS),
        task_create_missing_queues=False,
        task_send_sent_event=False,
        worker_send_task_events=True,
        worker_prefetch_multiplier=1,
        worker_consumer="workers.consumer:BellConsumer",
        worker_pool_start_method="spawn",
        worker_hijack_root_logger=False,
        worker_soft_shutdown_timeout=20,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        # None: a worker waits for its broker for ever; the default gives up after 100 tries.
        broker_connection_max_retries=None,
        broker_connection_retry_on_startup=True,
        # A full Redis is a channel error: without this the worker exits.
        broker_channel_error_retry=True,
        broker_connection_timeout=2,
        broker_pool_acquire_timeout=2,
        # `retry=False` takes 6 s when the connection is refused; 0 retries take one time-out.
        task_publish_retry=True,
        task_publish_retry_policy={"max_retries": 0},
        broker_transport_options={
            "global_keyprefix": settings.key_prefix,
            "socket_timeout": socket_timeout,
            "socket_connect_timeout": min(2.0, socket_timeout),
            "socket_keepalive": True,
            # Without it a half-open connection is never noticed.
            "health_check_interval": 5,
            # Of kombu's four priorities bells use one: the others were looked at in vain.
            "priority_steps": [0],
            # A bell is worth no bookkeeping: what it would cost is more than what it says.
            "ack_emulation": False,
        },
    )
    return app
