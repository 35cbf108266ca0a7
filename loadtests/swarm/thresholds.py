"""What a run must keep to: its exit code is 1 where more failed than may, or nothing happened."""

import logging
import os
from typing import Any

from locust import events

log = logging.getLogger("swarm")


def watch() -> None:
    """At the end of every run without a web page."""
    events.quitting.add_listener(_judge)


def _judge(environment: Any, **_: Any) -> None:
    total, most = environment.stats.total, float(os.environ.get("SWARM_FAILURES_MAX", "0"))
    if not total.num_requests:
        log.error("no request was made")
        environment.process_exit_code = 1
    elif total.fail_ratio > most:
        log.error("%.2f %% failed, %.2f %% may", 100 * total.fail_ratio, 100 * most)
        environment.process_exit_code = 1
    else:
        environment.process_exit_code = 0
