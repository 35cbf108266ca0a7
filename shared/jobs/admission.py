"""Whether one more job may wait: for its model, and for its tenant."""

import asyncio
from collections.abc import Mapping, Sequence

from sqlalchemy import Engine

from shared.backlog.rooms import Count, Rooms
from shared.db.engine import reading
from shared.domain.rate_limits import Policy, limit_reached
from shared.domain.serving import Served
from shared.errors import QueueFull
from shared.jobs import store
from shared.jobs.group_commit import Accepted, Answers, Submit
from shared.jobs.new_job import NewJob


class Admission:
    """Used by the submitter of one process; what a bound costs, `Rooms` says."""

    def __init__(self, queues: Rooms, tenants: Rooms, served: Served, queue_max_jobs: int) -> None:
        self._queues = queues
        self._tenants = tenants
        self._most_waiting: Mapping[str, int] = {
            name: serving.queue_max_jobs or queue_max_jobs for name, serving in served.items()
        }
        self._default = queue_max_jobs

    def has_room(self, job: NewJob) -> bool:
        """Whether it may wait, as far as is known. On the event loop, as all but `settle`."""
        most = self._most_waiting.get(job.model, self._default)
        return self._queues.has_place(job.model, most) and (
            not job.tenant_policies or self._tenant_has_room(job.tenant, job.tenant_policies)
        )

    async def require_room(self, job: NewJob) -> None:
        """Looks closer where `has_room` has said no; raises QueueFull or RateLimited."""
        most = self._most_waiting.get(job.model, self._default)
        if not self._queues.has_place(job.model, most):
            wait = await self._queues.wait_seconds(job.model, most)
            if wait is not None:
                detail = f"{most} jobs of {job.model} wait already"
                raise QueueFull(detail, retry_after_seconds=wait)
        await self.require_tenant_room(job.tenant, job.tenant_policies)

    def enter(self, job: NewJob) -> None:
        """Takes its places: from here on it is for `settle` to give them back."""
        self._queues.enter(job.model)
        if job.tenant_policies and _in_flight(job.tenant_policies):
            self._tenants.enter(job.tenant)

    def turn_back(self, job: NewJob) -> None:
        """Gives its places back before it has come to be settled."""
        self._queues.turn_back(job.model)
        if job.tenant_policies and _in_flight(job.tenant_policies):
            self._tenants.turn_back(job.tenant)

    async def require_tenant_room(self, tenant: str, policies: Sequence[Policy]) -> None:
        """Raises RateLimited while a tenant may have no more unfinished jobs."""
        policy = _in_flight(policies)
        if policy is None or self._tenants.has_place(tenant, policy.quota):
            return
        wait = await self._tenants.wait_seconds(tenant, policy.quota)
        if wait is not None:
            detail = f"{policy.quota} jobs of this tenant are unfinished"
            raise limit_reached(detail, policies, policy, wait)

    def _tenant_has_room(self, tenant: str, policies: Sequence[Policy]) -> bool:
        policy = _in_flight(policies)
        return policy is None or self._tenants.has_place(tenant, policy.quota)

    def settle(self, group: Sequence[Submit], answers: Answers) -> None:
        """Says of each whether it waits now, or not after all; on the submitter's thread."""
        for one in group:
            job, answer = one.job, answers.get(one.job.id)
            if answer is None:
                continue  # it is committed again
            runs = unfinished = False
            if isinstance(answer, Accepted):
                runs = answer.runs
                unfinished = answer.created and not answer.prediction["terminal"]
            (self._queues.arrive if runs else self._queues.leave)(job.model)
            if job.tenant_policies and _in_flight(job.tenant_policies):
                (self._tenants.arrive if unfinished else self._tenants.leave)(job.tenant)


class TenantJobs:
    """Counts the unfinished jobs of a tenant in SQL; raises BusyError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def __call__(self, tenant: str, most: int) -> Count:
        return Count(await asyncio.to_thread(self._count, tenant, 2 * most))

    def _count(self, tenant: str, to: int) -> int:
        with reading(self._engine) as connection:
            return store.count_unfinished(connection, tenant, to)


def _in_flight(policies: Sequence[Policy]) -> Policy | None:
    """The one that bounds how many at a time."""
    for policy in policies:
        if policy.window_seconds is None:
            return policy
    return None
