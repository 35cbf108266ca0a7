"""Many predictions in one request: each input is accepted or refused for itself."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.bulk import LISTED, Bulk, read_bulk
from api.bulk_results import BulkResults
from api.checked_job import checked_job
from api.dependencies import services
from api.error_responses import Problem, problem_members, unexpected_error
from api.idempotency_key import read_key
from api.input_files import Room, may_name_files, with_files
from api.json_pointer import moved, pointer
from api.links import API, base_url
from api.openapi import predictions as described
from api.query_parameters import read_parameters
from api.refusals import CountingRefusals
from api.request_body import read_json_bytes
from api.routes.plain_route import PlainRoute
from api.submission import Submission
from models.registry import Model, Version
from shared.domain.ids import new_job_id
from shared.errors import BusyError, QueuecastError
from shared.jobs.group_commit import Accepted
from shared.jobs.new_job import NewJob, fingerprint

router = APIRouter(prefix=API, route_class=PlainRoute)

PATH = f"{API}/predictions/bulk"

SUBMITTED_AT_ONCE = 100
"""Jobs that arrive meanwhile come between two of these portions, not behind a thousand."""


@router.post("/predictions/bulk", **described.CREATE_MANY)
async def create_many(request: Request) -> Response:
    here = services(request)
    with CountingRefusals():
        read_parameters(request)
        key, bulk = read_key(request), await _read(request)
        served = bulk.common.resolved(here.registry)
        settings = here.container.settings
        results = BulkResults(base_url(request, settings), request.scope, settings.result_kept)
        # What files bring counts as if it had come in the body.
        room = Room(here.container.settings.bulk_max_bytes - len(bulk.body))
        for start in range(0, len(bulk.inputs), SUBMITTED_AT_ONCE):
            places = range(start, min(start + SUBMITTED_AT_ONCE, len(bulk.inputs)))
            checked = await _check(request, bulk, served, key, places=places, room=room)
            results.add(await _submit(request, checked))
            if results.busy:  # what keeps this portion out keeps the next one out
                break
    return results.answer(len(bulk.inputs))


async def _read(request: Request) -> Bulk:
    here, body = services(request), await read_json_bytes(request)
    async with here.turns.mine() as slices:
        return await read_bulk(body, here.container.settings, slices)


async def _check(
    request: Request,
    bulk: Bulk,
    served: tuple[Model, Version],
    key: str | None,
    *,
    places: Sequence[int],
    room: Room,
) -> list[NewJob | Problem]:
    """A job for each good input; under a key, the same input at the same place is the same job."""

    def job(place: int, wanted: Submission) -> NewJob:
        own_key = None if key is None else fingerprint(key, str(place))
        return checked_job(request, wanted, *served, id=new_job_id(), key=own_key)

    checked: list[NewJob | Problem | Submission] = []
    async with services(request).turns.mine() as slices:
        for place in places:
            with _refusing(request, place, checked):
                wanted = bulk.submission(place)
                checked.append(wanted if may_name_files(wanted) else job(place, wanted))
            await slices.pause()
    found: list[NewJob | Problem] = []
    for place, one in zip(places, checked, strict=True):
        if not isinstance(one, Submission):
            found.append(one)
            continue
        with _refusing(request, place, found):  # outside of the turn: files are waited for
            found.append(job(place, await with_files(request, one, room)))
    return found


@contextmanager
def _refusing(request: Request, place: int, checked: list[Any]) -> Iterator[None]:
    """Around the check of one input: whatever is wrong with it stands in its place."""
    try:
        with CountingRefusals(), moved("/input", pointer(LISTED, place)):
            yield
    except QueuecastError as error:
        # Not the error: it holds its frames, and they the list that it would stand in.
        checked.append(problem_members(error, request.scope))
    except Exception as error:  # a model's own contract: the others do not pay for it
        checked.append(problem_members(unexpected_error(request.scope, error), request.scope))


async def _submit(
    request: Request, checked: Sequence[NewJob | Problem]
) -> list[Accepted | BusyError | Problem]:
    submitter = services(request).container.submitter

    async def submit(one: NewJob | Problem) -> Accepted | BusyError | Problem:
        if not isinstance(one, NewJob):
            return one
        try:
            with CountingRefusals():
                return await submitter.submit(one)
        except BusyError as error:
            return error
        except QueuecastError as error:
            return problem_members(error, request.scope)

    return await asyncio.gather(*map(submit, checked))
