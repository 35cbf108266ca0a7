"""Inputs become jobs of the one queue, submitted together and waited for together."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from typing import Any

import orjson
from starlette.requests import Request

from api import strict_json
from api.checked_job import checked_job
from api.dependencies import services
from api.idempotency_key import read_key
from api.inference_protocol.datatypes import INTEGERS
from api.inference_protocol.options import Options
from api.input_files import Room, may_name_files, with_files
from api.refusals import CountingRefusals
from api.submission import Submission, parse_submission
from models.registry import Model, Version
from shared.container import Container
from shared.domain.ids import new_job_id
from shared.domain.prediction import Snapshot
from shared.errors import JsonTooDeep
from shared.jobs.new_job import NewJob, fingerprint
from shared.jobs.waiting import Waiter

SUBMITTED_AT_ONCE = 100
"""Jobs that arrive meanwhile come between two of these portions."""

Locating = Callable[[int], AbstractContextManager[None]]
"""Says of what is wrong with the input of a row where it stands in the request."""


@dataclass(frozen=True, slots=True)
class Target:
    """What runs the jobs of a request, and how."""

    model: Model
    version: Version
    options: Options


async def predicted(
    request: Request, target: Target, inputs: Sequence[Any], locating: Locating
) -> list[Snapshot]:
    """The predictions of the inputs, in their order: ended, or as they stand when time is up.

    Raises RequestError or BusyError; what was accepted by then goes on.
    """
    with CountingRefusals():
        jobs = await _checked(request, target, inputs, locating)
        return await _ends(services(request).container, jobs, target.options.wait_seconds)


async def _checked(
    request: Request, target: Target, inputs: Sequence[Any], locating: Locating
) -> list[NewJob]:
    """A job for each input; under a key, the same input at the same place is the same job."""
    here, key, common = services(request), read_key(request), _common(request, target)
    room = Room(here.container.settings.bulk_max_bytes)
    jobs: list[NewJob] = []
    async with here.turns.mine() as slices:
        for row, value in enumerate(inputs):
            with locating(row):
                wanted = replace(common, input=value, input_json=_strict(value))
                if may_name_files(wanted):
                    wanted = await with_files(request, wanted, room)
                own_key = None if key is None else fingerprint(key, str(row))
                served = target.model, target.version
                jobs.append(checked_job(request, wanted, *served, id=new_job_id(), key=own_key))
            await slices.pause()
    return jobs


def _common(request: Request, target: Target) -> Submission:
    """The submission of every input but for the input itself."""
    body = {
        "input": None,
        "priority": target.options.priority.value,
        "deadline_seconds": target.options.deadline_seconds,
    }
    settings = services(request).container.settings
    return parse_submission(body, settings, target.version.reference)


def _strict(value: Any) -> bytes:
    """The JSON of an input that came in tensors: it is held to what holds for any body."""
    try:
        data = orjson.dumps(value)
    except TypeError:  # nested beyond what orjson writes
        raise JsonTooDeep(f"JSON is taken to a depth of {strict_json.MAX_DEPTH}") from None
    strict_json.loads(data, INTEGERS)
    return data


async def _ends(container: Container, jobs: Sequence[NewJob], seconds: float) -> list[Snapshot]:
    until = asyncio.get_running_loop().time() + seconds
    with ExitStack() as waiting:
        waiters = [waiting.enter_context(container.reader.expecting(job.id)) for job in jobs]
        accepted: list[Snapshot] = []
        for start in range(0, len(jobs), SUBMITTED_AT_ONCE):
            portion = jobs[start : start + SUBMITTED_AT_ONCE]
            answers = await asyncio.gather(*map(container.submitter.submit, portion))
            accepted += [answer.prediction for answer in answers]
        ends = map(_end, [container] * len(jobs), jobs, accepted, waiters, [until] * len(jobs))
        return await asyncio.gather(*ends)


async def _end(
    container: Container, job: NewJob, accepted: Snapshot, waiter: Waiter, until: float
) -> Snapshot:
    left = max(0.0, until - asyncio.get_running_loop().time())
    if accepted["id"] != job.id:  # an idempotency key named an earlier job
        return await container.reader.wait(job.tenant, accepted["id"], left)
    return await container.reader.end(accepted, waiter, left)
