"""Predictions over HTTP: submit one, look at it, wait for it, cancel it, list them.

`submit` is the path of every new prediction, top to bottom.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import predictions
from api.answers import json_answer
from api.cache_control import read_cache_control
from api.dependencies import services, tenant
from api.idempotency_key import read_key
from api.links import API, base_url
from api.openapi import predictions as described
from api.prediction_list import PARAMETERS, read_listing
from api.prefer import wanted_wait
from api.query_parameters import read_parameters, read_seconds
from api.refusals import counting_refusals
from api.request_body import read_body
from api.routes.plain_route import PlainRoute
from api.submission import Submission, parse_submission
from models.registry import Model, Version
from shared.container import Container
from shared.domain.ids import new_job_id, parse_job_id
from shared.domain.prediction import Snapshot
from shared.errors import InputTooLarge, JobInputGone, NotFound
from shared.jobs.new_job import NewJob, fingerprint

router = APIRouter(prefix=API, route_class=PlainRoute)


async def submit(request: Request, *, model: str | None = None, id: str | None = None) -> Response:
    """Accepts one prediction; `model` and `id` are those of the path, where it names one."""
    here = services(request)
    with counting_refusals():
        read_parameters(request)
        wanted = parse_submission(await read_body(request), here.container.settings, model)
        with wanted.locating():
            found, version = here.registry.resolve(wanted.reference)
        _require_size(found, wanted)
        found.validate_input(version, wanted.input)
        job = _new_job(request, wanted, found, version, id or new_job_id())
        seconds = wanted_wait(request, here.container.settings.wait_max_seconds)
        prediction = await _accepted(here.container, job, seconds)
    return predictions.answer(request, prediction, here.container.settings)


async def _accepted(container: Container, job: NewJob, seconds: float) -> Snapshot:
    """The prediction as it stands after the commit, or at its end, waited for up to `seconds`."""
    if seconds <= 0:
        return (await container.submitter.submit(job)).prediction
    with container.reader.expecting(job.id) as waiter:
        accepted = await container.submitter.submit(job)
        if accepted.prediction["id"] != job.id:  # an idempotency key named an earlier job
            return await container.reader.wait(job.tenant, accepted.prediction["id"], seconds)
        return await container.reader.end(accepted.prediction, waiter, seconds)


@router.post("/predictions", **described.CREATE)
async def create(request: Request) -> Response:
    return await submit(request)


@router.post("/models/{name}/predictions", **described.CREATE_FOR_MODEL)
@router.post("/models/queuecast/{name}/predictions", include_in_schema=False)
async def create_for_model(request: Request) -> Response:
    return await submit(request, model=request.path_params["name"])


@router.put("/predictions/{id}", **described.PUT)
async def put(request: Request) -> Response:
    """The same as a submit under the client's own id: to send it again is safe."""
    return await submit(request, id=_job_id(request))


@router.get("/predictions/{id}", **described.READ)
async def read(request: Request) -> Response:
    job_id, here = _job_id(request), services(request).container
    longest = here.settings.wait_max_seconds
    seconds = read_seconds(read_parameters(request, "wait"), "wait", longest)
    if seconds:
        found = await here.reader.wait(tenant(request), job_id, seconds)
    else:
        found = await here.reader.get(tenant(request), job_id)
    return predictions.state(request, found, here.settings)


@router.post("/predictions/{id}/cancel", **described.CANCEL)
async def cancel(request: Request) -> Response:
    """Ends it as canceled, unless it has ended: then nothing changes."""
    here = services(request).container
    found = await asyncio.to_thread(here.canceler.cancel, tenant(request), _job_id(request))
    return predictions.state(request, found, here.settings)


@router.get("/predictions/{id}/input", **described.READ_INPUT)
async def read_input(request: Request) -> Response:
    """The input as it was sent, however large."""
    read_parameters(request)
    here = services(request).container
    data, reference = await here.reader.input(tenant(request), _job_id(request))
    if data is None and reference is not None:
        with suppress(JobInputGone):
            data = await asyncio.to_thread(here.blobs.get, reference)
    if data is None:
        raise NotFound("the input of this prediction is not kept any more")
    return Response(data, media_type="application/json")


@router.get("/predictions", **described.LIST)
async def list_predictions(request: Request) -> Response:
    here = services(request).container
    listing = read_listing(read_parameters(request, *PARAMETERS), tenant(request))
    rows = await here.reader.page(listing.page)
    return json_answer(listing.render(rows, base_url(request, here.settings)))


def _require_size(model: Model, wanted: Submission) -> None:
    if len(wanted.input_json) > model.input_max_bytes:
        raise InputTooLarge(f"an input of {model.name} has at most {model.input_max_bytes} bytes")


def _new_job(
    request: Request, wanted: Submission, model: Model, version: Version, id: str
) -> NewJob:
    canonical = orjson.dumps(wanted.input, option=orjson.OPT_SORT_KEYS)
    now, whose = services(request).container.clock.now(), tenant(request)
    deadline = wanted.deadline_seconds
    kept, may = model.cache_seconds > 0, read_cache_control(request)
    return NewJob(
        id=id,
        tenant=whose,
        model=model.name,
        version=version.version,
        digest=version.digest,
        input=wanted.input_json,
        input_hash=fingerprint(
            whose, model.name, version.digest, model.processor_version, canonical
        ),
        body_hash=fingerprint(wanted.canonical),
        created_at=now,
        priority=wanted.priority,
        deadline_at=now + timedelta(seconds=deadline) if deadline is not None else None,
        idempotency_key=read_key(request),
        metadata=orjson.dumps(wanted.metadata) if wanted.metadata is not None else None,
        reuses=kept and may.reuse,
        keeps_result=kept and may.keep,
    )


def _job_id(request: Request) -> str:
    """The id in the path; what is no UUID names no prediction."""
    job_id = parse_job_id(request.path_params["id"])
    if job_id is None:
        raise NotFound("there is no prediction with this id: an id is a UUID")
    return job_id
