"""`python -m workers.flower`: Flower, the dashboard of Celery, over this system's queues.

It shows the tasks preprocess, predict, record and deliver with the model that each was for and the
number of jobs that it did. Whoever has Flower without `read_only` can stop workers.
"""

import logging
import signal
import sys
from ipaddress import ip_address
from types import FrameType

from flower.app import Flower
from flower.urls import settings as web_settings
from pydantic import ValidationError
from tornado.options import options

from models.registry import Registry
from shared.container import Container
from shared.errors import StartupRefused
from shared.settings import Settings
from shared.telemetry import logs

TASKS_KEPT = 10_000
"""Each is about 2 KiB of Flower's memory."""


def main() -> None:
    try:
        settings = Settings()
        logs.configure(settings)
        require_password(settings)
        registry = Registry.load(settings.models_folders)
        container = Container(settings, registry.served)
        dashboard = _dashboard(container)
    except StartupRefused as error:
        sys.exit(f"flower: {error.detail}")
    except OSError as error:
        sys.exit(f"flower: cannot listen on port {options.port}: {error.strerror}")
    except ValidationError as error:
        names = ", ".join(f"QUEUECAST_{part['loc'][0]}".upper() for part in error.errors())
        sys.exit(f"flower: these settings are missing or wrong: {names}")
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    try:
        dashboard.start()
    finally:
        dashboard.stop()


def require_password(settings: Settings) -> None:
    """Raises StartupRefused where others could reach it and nobody is asked who he is."""
    named = settings.flower_user and settings.flower_password.get_secret_value()
    if not named and not ip_address(settings.flower_host).is_loopback:
        raise StartupRefused(
            "on any address but loopback it needs QUEUECAST_FLOWER_USER and _PASSWORD"
        )


def _dashboard(container: Container) -> Flower:
    """Listens from here on. The password stands in no command line."""
    settings = container.settings
    options.address, options.port = settings.flower_host, settings.flower_port
    options.read_only, options.max_tasks = settings.flower_read_only, TASKS_KEPT
    options.tasks_columns = "name,args,result,state,received,runtime,worker"
    if settings.flower_user:
        password = settings.flower_password.get_secret_value()
        options.basic_auth = [f"{settings.flower_user}:{password}"]
    secret = settings.flower_cookie_secret.get_secret_value()
    signing = {"cookie_secret": secret} if secret else {}
    logging.getLogger("tornado.access").setLevel(logging.ERROR)
    dashboard = Flower(capp=container.celery, options=options, **(web_settings | signing))
    dashboard.start_http_server()
    return dashboard


def _leave(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
