"""The composition: the only place that chooses which real parts a process works with."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import redis
from redis.asyncio import Redis as AsyncRedis

from shared.backlog import connections
from shared.backlog.backlogs import Backlogs
from shared.backlog.breaker import Breaker
from shared.backlog.rooms import Count, Rooms
from shared.clock import Clock, SystemClock
from shared.domain.serving import Served
from shared.payloads.blobs import Blobs
from shared.payloads.directory import DirectoryBlobs
from shared.result_cache.results import ResultCache
from shared.settings import Settings

if TYPE_CHECKING:
    from celery import Celery
    from sqlalchemy import Engine

    from shared.access.key_ring import KeyRing
    from shared.access.usage import Usage
    from shared.backlog.company import Company
    from shared.files.files import Files
    from shared.jobs.admission import Admission
    from shared.jobs.cancel import Canceler
    from shared.jobs.dead_letter_office import DeadLetterOffice
    from shared.jobs.following import Follower
    from shared.jobs.positions import Positions
    from shared.jobs.reading import Reader
    from shared.jobs.submit import Submitter
    from shared.prediction_log.log_book import LogBook
    from shared.webhooks.deliveries import Deliveries
    from shared.webhooks.secrets import Secrets

WORKER_REDIS_SECONDS = 5.0
"""A worker may wait for Redis; a request may not (see `redis_budget_seconds`)."""


@dataclass(frozen=True)
class Container:
    """`served` are the models, `lane` that of a predict worker.

    Parts are made when first used, and what speaks SQL is imported then.

    A preprocess or predict worker never opens SQL; SQLAlchemy would be a third of its start.
    """

    settings: Settings
    served: Served
    redis_timeout_seconds: float = WORKER_REDIS_SECONDS
    lane: str = "cpu"

    @classmethod
    def for_api(cls, settings: Settings, served: Served) -> "Container":
        # Half of the budget: a broken connection costs one time-out to notice, one to renew.
        return cls(settings, served, settings.redis_budget_seconds / 2)

    @cached_property
    def clock(self) -> Clock:
        return SystemClock()

    @cached_property
    def engine(self) -> "Engine":
        from shared.db import engine as databases

        return databases.connect(self.settings)

    @cached_property
    def redis(self) -> redis.Redis:
        return connections.connect(self.settings, timeout_seconds=self.redis_timeout_seconds)

    @cached_property
    def redis_async(self) -> AsyncRedis:
        return connections.connect_async(self.settings, timeout_seconds=self.redis_timeout_seconds)

    @cached_property
    def celery(self) -> "Celery":
        from shared.backlog.celery_app import create_celery

        lanes = {"cpu", self.lane, *(serving.lane for serving in self.served.values())}
        return create_celery(
            self.settings, socket_timeout=self.redis_timeout_seconds, lanes=tuple(sorted(lanes))
        )

    @cached_property
    def backlogs(self) -> Backlogs:
        return Backlogs(self.redis, self.settings, self.served)

    def company(self, kind: str, models: str, *, with_sql: bool) -> "Company":
        """This process among the others; `models` is what it serves. May raise BusyError."""
        from shared.backlog.company import Company, Fact
        from shared.backlog.entries import FORMAT

        facts = {Fact.ENTRIES: str(FORMAT), Fact.MODELS: models}
        with suppress(OSError):  # it may be away, and come back
            facts[Fact.BLOBS] = self.blobs.identity()
        if with_sql:
            from shared.db.identity import database_identity
            from shared.db.revision import HEAD

            facts[Fact.SCHEMA] = HEAD
            if (identity := database_identity(self.engine)) is not None:
                facts[Fact.DATABASE] = identity
        return Company(self.redis, kind, self.settings, facts)

    @cached_property
    def results(self) -> ResultCache:
        return ResultCache(self.redis, self.settings, self.served)

    @cached_property
    def blobs(self) -> Blobs:
        if not self.settings.blobs_url:
            return DirectoryBlobs(self.settings.blobs_dir)
        from shared.payloads.object_store import ObjectBlobs

        return ObjectBlobs.open(self.settings.blobs_url, self.clock)

    @cached_property
    def breaker(self) -> Breaker:
        return Breaker(self.clock)

    @cached_property
    def submitter(self) -> "Submitter":
        from shared.jobs.group_commit import GroupCommit
        from shared.jobs.submit import Submitter

        commit = GroupCommit(self.engine, self.clock, self.settings)
        parts = (self.backlogs, self.results, self.blobs)
        return Submitter(
            commit,
            *parts,
            breaker=self.breaker,
            settings=self.settings,
            admission=self.admission,
        )

    @cached_property
    def files(self) -> "Files":
        from shared.files.files import Files

        return Files(self.engine, self.blobs, self.clock, self.settings)

    @cached_property
    def canceler(self) -> "Canceler":
        from shared.jobs.cancel import Canceler

        return Canceler(self.engine, self.backlogs, self.clock, self.settings)

    @cached_property
    def dead_letters(self) -> "DeadLetterOffice":
        from shared.jobs.dead_letter_office import DeadLetterOffice

        return DeadLetterOffice(self.engine, self.clock, self.settings, self.redis)

    @cached_property
    def reader(self) -> "Reader":
        from shared.jobs.reading import Reader

        return Reader(self.engine, self.redis_async, self.breaker, self.settings)

    @cached_property
    def positions(self) -> "Positions":
        from shared.jobs.positions import Positions

        return Positions(self.redis_async, self.breaker, self.clock, self.settings)

    @cached_property
    def follower(self) -> "Follower":
        from shared.jobs.following import Follower

        return Follower(self.reader)

    @cached_property
    def key_ring(self) -> "KeyRing":
        from shared.access.key_ring import KeyRing
        from shared.access.principal import Limits

        return KeyRing(self.engine, self.clock, Limits.default(self.settings))

    @cached_property
    def usage(self) -> "Usage":
        from shared.access.usage import Usage

        return Usage(self.redis_async, self.breaker, self.settings)

    @cached_property
    def queue_lengths(self) -> Callable[[str, int], Awaitable[Count]]:
        from shared.backlog.queue_lengths import QueueLengths

        return QueueLengths(self.redis_async, self.settings)

    @cached_property
    def admission(self) -> "Admission":
        from shared.jobs.admission import Admission, TenantJobs

        queues = Rooms(self.queue_lengths, self.clock)
        tenants = Rooms(TenantJobs(self.engine), self.clock)
        return Admission(queues, tenants, self.served, self.settings.queue_max_jobs)

    @cached_property
    def deliveries(self) -> "Deliveries":
        from shared.webhooks.deliveries import Deliveries

        return Deliveries(self.engine, self.backlogs, self.clock)

    @cached_property
    def log_book(self) -> "LogBook":
        from shared.prediction_log.log_book import LogBook

        return LogBook(self.engine, self.clock)

    @cached_property
    def secrets(self) -> "Secrets":
        from shared.webhooks.cipher import open_cipher
        from shared.webhooks.secrets import Secrets

        return Secrets(self.engine, self.clock, cache(lambda: open_cipher(self.settings)))
