"""Many predictions in one request: each input is accepted or refused for itself."""

import asyncio
from collections.abc import Iterable, Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import predictions
from api.bulk import LISTED, Bulk, read_bulk
from api.checked_job import checked_job
from api.dependencies import services
from api.error_responses import unexpected_error
from api.idempotency_key import read_key
from api.json_pointer import moved, pointer
from api.links import API
from api.openapi import predictions as described
from api.query_parameters import read_parameters
from api.refusals import counting_refusals
from api.request_body import read_json_bytes
from api.routes.plain_route import PlainRoute
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
    with counting_refusals():
        read_parameters(request)
        key, bulk = read_key(request), await _read(request)
        with bulk.common.locating():
            served = here.registry.resolve(bulk.common.reference)
        outcomes: list[Accepted | QueuecastError] = []
        for start in range(0, len(bulk.inputs), SUBMITTED_AT_ONCE):
            places = range(start, min(start + SUBMITTED_AT_ONCE, len(bulk.inputs)))
            checked = await _check(request, bulk, served, key, places)
            outcomes += await _submit(request, checked)
            if any(isinstance(one, BusyError) for one in outcomes):
                break  # whatever keeps this portion out keeps the next one out
        _spread_busy(outcomes, len(bulk.inputs))
    return predictions.answer_many(request, outcomes, here.container.settings)


async def _read(request: Request) -> Bulk:
    here, body = services(request), await read_json_bytes(request)
    async with here.turns.mine() as slices:
        return await read_bulk(body, here.container.settings, slices)


async def _check(
    request: Request,
    bulk: Bulk,
    served: tuple[Model, Version],
    key: str | None,
    places: Iterable[int],
) -> list[NewJob | QueuecastError]:
    """A job for each good input; under a key, the same input at the same place is the same job."""

    def check(place: int) -> NewJob | QueuecastError:
        own_key = None if key is None else fingerprint(key, str(place))
        try:
            with counting_refusals(), moved("/input", pointer(LISTED, place)):
                wanted = bulk.submission(place)
                return checked_job(request, wanted, *served, id=new_job_id(), key=own_key)
        except QueuecastError as error:
            return error
        except Exception as error:  # a model's own contract: the others do not pay for it
            return unexpected_error(request.scope, error)

    checked = []
    async with services(request).turns.mine() as slices:
        for place in places:
            checked.append(check(place))
            await slices.pause()
    return checked


async def _submit(
    request: Request, checked: Sequence[NewJob | QueuecastError]
) -> list[Accepted | QueuecastError]:
    submitter = services(request).container.submitter

    async def submit(one: NewJob | QueuecastError) -> Accepted | QueuecastError:
        if isinstance(one, QueuecastError):
            return one
        try:
            with counting_refusals():
                return await submitter.submit(one)
        except QueuecastError as error:
            return error

    return await asyncio.gather(*map(submit, checked))


def _spread_busy(outcomes: list[Accepted | QueuecastError], wanted: int) -> None:
    """Inputs that were not tried any more are refused as those before them.

    Raises the BusyError where nothing was accepted: then it concerns the whole request.
    """
    busy = next((one for one in outcomes if isinstance(one, BusyError)), None)
    if busy is None:
        return
    if not any(isinstance(one, Accepted) for one in outcomes):
        raise busy
    outcomes += [busy] * (wanted - len(outcomes))
