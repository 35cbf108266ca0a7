"""Every stage, queue, task and Redis key of Queuecast is named here and nowhere else."""

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """A stage is a Celery task of the same name with a backlog before it.

    That of deliver is no stream: SQL holds the webhooks that are due.
    """

    PREPROCESS = "preprocess"
    PREDICT = "predict"
    RECORD = "record"
    DELIVER = "deliver"


class Priority(StrEnum):
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


GROUP = "workers"
"""The consumer group that reads every backlog."""

SWEPT_SECONDS = 86400

SYSTEMS = "queuecast-systems"
"""Set of the key prefixes that were ever used on a server: the only key without one."""

ALL_MODELS = "*"
"""The record backlog is one for all models: one transaction serves whatever is done."""


def queue(stage: Stage, lane: str = "cpu") -> str:
    """The Celery queue on which the bells of a stage (and, for predict, of a lane) ring."""
    return f"predict-{lane}" if stage is Stage.PREDICT else stage.value


@dataclass(frozen=True, slots=True, order=True)
class Backlog:
    """What waits for one stage of one model version, at every priority: one bell, three streams."""

    stage: Stage
    model: str = ALL_MODELS
    version: str = ALL_MODELS


RECORD = Backlog(Stage.RECORD)
DELIVER = Backlog(Stage.DELIVER)


@dataclass(frozen=True, slots=True)
class Keys:
    """The Redis keys under one prefix."""

    prefix: str

    def stream(self, backlog: Backlog, priority: Priority) -> str:
        return f"{self.prefix}backlog:{self._name(backlog)}:{priority}"

    def bell(self, backlog: Backlog) -> str:
        return f"{self.prefix}bell:{self._name(backlog)}"

    def snapshot(self, job_id: str) -> str:
        return f"{self.prefix}job:{job_id}"

    def queue(self, name: str) -> str:
        """The list that holds a Celery queue."""
        return f"{self.prefix}{name}"

    def heartbeat(self, consumer: str) -> str:
        return f"{self.prefix}consumer:{consumer}"

    @property
    def consumers(self) -> str:
        """Set of the names under which somebody was heard of: finding them must not scan."""
        return f"{self.prefix}consumers"

    @property
    def company(self) -> str:
        """Set of the processes that were heard of, workers or not."""
        return f"{self.prefix}company"

    def facts(self, process: str) -> str:
        """What a process says that it works with: see `shared.backlog.company`."""
        return f"{self.prefix}facts:{process}"

    def running(self, consumer: str) -> str:
        """Hash, thread -> job ids: what a consumer was running when it was last heard."""
        return f"{self.prefix}running:{consumer}"

    def fenced(self, consumer: str) -> str:
        """Set once a consumer's work was taken away: it must go on under another name."""
        return f"{self.prefix}fenced:{consumer}"

    @property
    def streams(self) -> str:
        """Set of all streams that ever held an entry."""
        return f"{self.prefix}backlogs"

    @property
    def left_behind(self) -> str:
        """Set of streams that may hold entries of jobs which have ended while they waited."""
        return f"{self.prefix}left-behind"

    def results(self, model: str) -> str:
        """Hash, input hash -> the job that answered it or is about to."""
        return f"{self.prefix}results:{model}"

    def results_order(self, model: str) -> str:
        """List of the input hashes in `results`, oldest first."""
        return f"{self.prefix}results-order:{model}"

    @property
    def quarantine(self) -> str:
        """List of the last entries that nobody could read."""
        return f"{self.prefix}quarantine"

    @property
    def swept(self) -> str:
        """Expires `SWEPT_SECONDS` after the last round of a sweeper in which all went well."""
        return f"{self.prefix}swept"

    @property
    def done(self) -> str:
        """Channel on which finished job ids are published."""
        return f"{self.prefix}done"

    def parse_stream(self, key: str) -> tuple[Backlog, Priority]:
        """The inverse of `stream`."""
        stage, model, version, priority = key.removeprefix(f"{self.prefix}backlog:").split(":")
        return Backlog(Stage(stage), model, version), Priority(priority)

    @staticmethod
    def _name(backlog: Backlog) -> str:
        return f"{backlog.stage}:{backlog.model}:{backlog.version}"
