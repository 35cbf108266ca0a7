"""Predictions over HTTP: submit one, look at it, wait for it, cancel it, list them.

`submit` is the path of every new prediction, top to bottom.
"""

import asyncio
from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import predictions
from api.answers import json_answer
from api.checked_job import checked_job
from api.dependencies import services, tenant
from api.idempotency_key import read_key
from api.input_files import Room, may_name_files, with_files
from api.links import API, base_url
from api.openapi import predictions as described
from api.path_ids import read_job_id
from api.prediction_list import parameters_of, read_listing
from api.prefer import wanted_wait
from api.query_parameters import read_parameters, read_seconds
from api.refusals import CountingRefusals
from api.request_body import read_body
from api.routes.plain_route import PlainRoute
from api.stored_payload import stored_payload
from api.submission import parse_submission
from shared.container import Container
from shared.domain.ids import new_job_id
from shared.domain.prediction import Snapshot
from shared.jobs.new_job import NewJob

router = APIRouter(prefix=API, route_class=PlainRoute)

LONG_CHECK_BYTES = 1 << 20
"""To check an input of 8 MiB takes 30 ms: beyond this size others do not wait for it."""


async def submit(request: Request, *, model: str | None = None, id: str | None = None) -> Response:
    """Accepts one prediction; `model` and `id` are those of the path, where it names one."""
    here = services(request)
    with CountingRefusals():
        read_parameters(request)
        wanted = parse_submission(await read_body(request), here.container.settings, model)
        found, version = wanted.resolved(here.registry)
        if may_name_files(wanted):
            room = Room(found.input_max_bytes - len(wanted.input_json))
            wanted = await with_files(request, wanted, room)
        key = read_key(request)
        check = partial(
            checked_job, request, wanted, found, version, id=id or new_job_id(), key=key
        )
        large = len(wanted.input_json) > LONG_CHECK_BYTES
        job = await asyncio.to_thread(check) if large else check()
        seconds = wanted_wait(request, here.container.settings.wait_max_seconds)
        prediction = await _accepted(here.container, job, seconds)
    return predictions.answer(request, prediction, here.container.settings)


async def _accepted(container: Container, job: NewJob, seconds: float) -> Snapshot:
    """The prediction as it stands after the commit, or at its end, waited for up to `seconds`."""
    if seconds <= 0:
        recent = container.reader.just_accepted
        recent.expect(job.id)
        prediction = (await container.submitter.submit(job)).prediction
        recent.note(job.id, prediction)
        return prediction
    with container.reader.expecting(job.id) as waiter:
        accepted = await container.submitter.submit(job)
        if accepted.prediction["id"] != job.id:  # an idempotency key named an earlier job
            return await container.reader.wait(job.tenant, accepted.prediction["id"], seconds)
        return await container.reader.end(accepted.prediction, waiter, seconds)


@router.post("/predictions", **described.CREATE)
async def create(request: Request) -> Response:
    return await submit(request)


@router.post("/models/{name}/predictions", **described.CREATE_FOR_MODEL)
async def create_for_model(request: Request) -> Response:
    return await submit(request, model=request.path_params["name"])


@router.put("/predictions/{id:job}", **described.PUT)
async def put(request: Request) -> Response:
    """The same as a submit under the client's own id: to send it again is safe."""
    return await submit(request, id=read_job_id(request))


@router.get("/predictions/{id:job}", **described.READ)
async def read(request: Request) -> Response:
    job_id, here = read_job_id(request), services(request).container
    longest = here.settings.wait_max_seconds
    seconds = read_seconds(read_parameters(request, "wait"), "wait", longest)
    if seconds:
        found = await here.reader.wait(tenant(request), job_id, seconds)
    else:
        found = await here.reader.get(tenant(request), job_id)
    position = None if found["terminal"] else await here.positions.of(found)
    return predictions.state(request, found, here.settings, position)


@router.post("/predictions/{id}/cancel", **described.CANCEL)
async def cancel(request: Request) -> Response:
    """Ends it as canceled, unless it has ended: then nothing changes."""
    here = services(request).container
    found = await asyncio.to_thread(here.canceler.cancel, tenant(request), read_job_id(request))
    return predictions.state(request, found, here.settings)


@router.get("/predictions/{id}/input", **described.READ_INPUT)
async def read_input(request: Request) -> Response:
    """The input as it was sent, however large."""
    read_parameters(request)
    here = services(request).container
    found = await here.reader.input(tenant(request), read_job_id(request))
    missing = "the input of this prediction is not kept any more"
    return await stored_payload(here.blobs, *found, missing=missing)


@router.get("/predictions/{id}/output", **described.READ_OUTPUT)
async def read_output(request: Request) -> Response:
    """The output, however large, once there is one."""
    read_parameters(request)
    here = services(request).container
    found = await here.reader.output(tenant(request), read_job_id(request))
    return await stored_payload(here.blobs, *found, missing="this prediction has no output")


@router.get("/predictions", **described.LIST)
async def list_predictions(request: Request) -> Response:
    here = services(request).container
    listing = read_listing(parameters_of(request), tenant(request))
    rows, edge = await here.reader.page(listing.page)
    base, kept = base_url(request, here.settings), here.settings.result_kept
    return json_answer(listing.render(rows, base, edge, kept))
