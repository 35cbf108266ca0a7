"""Bells: Celery messages that say "there is work for this model version" and nothing else."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import structlog
from celery import Celery
from kombu.exceptions import OperationalError

from shared.domain.names import Backlog, Stage, queue
from shared.telemetry import counters

log = structlog.get_logger()


class Bells(Protocol):
    def ring(self, backlogs: Iterable[Backlog]) -> None:
        """Wakes one free worker for each backlog. A bell that is lost is rung by the sweeper."""
        ...


class CeleryBells:
    """Rings through Celery; `lanes` says which lane predicts a model."""

    def __init__(self, app: Celery, lanes: Mapping[str, str]) -> None:
        self._app = app
        self._lanes = lanes

    def ring(self, backlogs: Iterable[Backlog]) -> None:
        for backlog in backlogs:
            arguments = [] if backlog.stage is Stage.RECORD else [backlog.model, backlog.version]
            try:
                self._app.send_task(
                    backlog.stage.value,
                    args=arguments,
                    queue=queue(backlog.stage, self._lanes.get(backlog.model, "cpu")),
                    ignore_result=True,
                )
            except (OperationalError, OSError) as error:
                counters.bells_lost.inc()
                log.warning("bell_lost", backlog=str(backlog), error=type(error).__name__)
