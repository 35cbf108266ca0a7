import pytest

from shared.backlog.celery_app import create_celery

DEMANDED = {
    "result_backend": None,
    "task_ignore_result": True,
    "accept_content": ["json"],
    "task_serializer": "json",
    "event_serializer": "json",
    "task_acks_late": True,
    "task_reject_on_worker_lost": False,
    "worker_prefetch_multiplier": 1,
    "worker_pool_start_method": "spawn",
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_soft_shutdown_timeout": 20,
    "worker_hijack_root_logger": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_channel_error_retry": True,
    "broker_pool_acquire_timeout": 2,
    "broker_connection_timeout": 2,
    "task_publish_retry": True,
    "task_publish_retry_policy": {"max_retries": 0},
    "task_default_queue": "preprocess",
}


@pytest.fixture
def app(settings):
    return create_celery(settings, socket_timeout=5, lanes=("cpu", "gpu"))


@pytest.mark.parametrize("name", DEMANDED)
def test_a_setting_stands_as_the_faults_taught(app, name: str) -> None:
    assert app.conf[name] == DEMANDED[name]


def test_a_bell_on_an_unknown_queue_is_a_mistake(app) -> None:
    assert app.conf.task_create_missing_queues is False


def test_tasks_that_a_dead_child_lost_are_never_run_again_by_celery(app) -> None:
    assert not app.conf.get("task_retry_on_worker_lost", False)


def test_every_call_to_the_broker_has_an_end(app, settings) -> None:
    assert app.conf.broker_transport_options == {
        "global_keyprefix": settings.key_prefix,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 5,
        "priority_steps": [0],
        "ack_emulation": False,
    }


def test_a_request_never_waits_for_a_connection_longer_than_for_an_answer(settings) -> None:
    app = create_celery(settings, socket_timeout=0.25)
    assert app.conf.broker_transport_options["socket_timeout"] == 0.25
    assert app.conf.broker_transport_options["socket_connect_timeout"] == 0.25


def test_every_stage_and_every_lane_has_its_queue(app) -> None:
    names = {queue.name for queue in app.conf.task_queues}
    assert names == {"preprocess", "record", "deliver", "predict-cpu", "predict-gpu"}
    assert all(queue.routing_key == queue.name for queue in app.conf.task_queues)


def test_no_task_comes_with_the_application(app) -> None:
    assert [name for name in app.tasks if not name.startswith("celery.")] == []
