"""The prediction log over HTTP: its rows, what turned out to be true, and what that comes to."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlalchemy import RowMapping
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from api import strict_json
from api.accuracy_picture import accuracy_picture
from api.answers import json_answer
from api.cursors import decode_cursor, encode_cursor, read_edge
from api.dependencies import services, tenant
from api.error_responses import problem_members
from api.feedback_body import LISTED, read_listed, read_truth
from api.json_pointer import moved, pointer
from api.links import API, base_url
from api.log_download import LogDownload
from api.log_queries import FILTERS, identity, read_format, read_span, read_wanted
from api.log_views import accuracy_view, distribution_view, feedback_view, logged_view
from api.openapi import prediction_log as described
from api.path_ids import read_job_id
from api.query_parameters import read_limit, read_parameters
from api.request_body import read_json_bytes
from api.routes.plain_route import PlainRoute
from shared.container import Container
from shared.domain.prediction import wire_time
from shared.errors import InvalidState, NotFound, QueuecastError
from shared.prediction_log.accuracy import Accuracy, Span
from shared.prediction_log.export import records
from shared.prediction_log.feedback import Truth

router = APIRouter(prefix=API, route_class=PlainRoute)

DOWNLOADS_MAX = 8
TENANT_DOWNLOADS_MAX = 2
"""At a time in one process: each reads SQL as fast as its client reads it."""

NOT_HELD = "the log holds no prediction of this id"


@router.get("/prediction-log", **described.LIST)
async def list_logged(request: Request) -> Response:
    """Newest first, by the end of the predictions."""
    parameters, whose = read_parameters(request, *FILTERS, "limit", "cursor"), tenant(request)
    filters = {name: value for name, value in parameters.items() if name in FILTERS}
    wanted, limit = read_wanted(filters, whose), read_limit(parameters)
    place = decode_cursor(parameters, *identity(whose, filters))
    before = read_edge(place) if place is not None else None
    here, following = _here(request), None
    found = await asyncio.to_thread(here.log_book.page, wanted, limit + 1, before)
    base, rows = base_url(request, here.settings), found.rows[:limit]
    last = (rows[-1]["completed_at"], rows[-1]["job_id"]) if len(found.rows) > limit else None
    if edge := last or found.edge:
        cursor = encode_cursor([wire_time(edge[0]), edge[1]], *identity(whose, filters))
        query = {**filters, "limit": limit, "cursor": cursor}
        following = f"{base}/prediction-log?{urlencode(query)}"
    results = [logged_view(row, base) for row in rows]
    return json_answer({"next": following, "previous": None, "results": results})


@router.get("/prediction-log/export", **described.EXPORT)
async def export(request: Request) -> Response:
    """All that is wanted in one download, newest first."""
    parameters, whose = read_parameters(request, *FILTERS, "format"), tenant(request)
    wanted, kind = read_wanted(parameters, whose), read_format(parameters)
    here = services(request)
    slot = here.downloads.one_of(DOWNLOADS_MAX, whose, TENANT_DOWNLOADS_MAX)
    return LogDownload(records(here.container.engine, wanted), kind, slot)


@router.get("/prediction-log/distribution", **described.DISTRIBUTION)
async def read_distribution(request: Request) -> Response:
    """How often each label was answered, over time."""
    span, hourly = read_span(request, tenant(request))
    found = await asyncio.to_thread(_here(request).log_book.distribution, span, hourly=hourly)
    return json_answer(distribution_view(found, span, hourly=hourly))


@router.post("/prediction-log/feedback", **described.GIVE_MANY)
async def give_many(request: Request) -> Response:
    """Each with its own result, as if it had come alone; in one transaction."""
    read_parameters(request)
    listed = read_listed(strict_json.loads(await read_json_bytes(request)))
    read: list[Truth | QueuecastError] = []
    for place, one in enumerate(listed):
        try:
            with moved("", pointer(LISTED, place)):
                read.append(read_truth(one))
        except QueuecastError as error:
            read.append(error)
    truths = [one for one in read if isinstance(one, Truth)]
    rows = await asyncio.to_thread(_here(request).log_book.give, tenant(request), truths)
    results = [_result(one, rows, request.scope) for one in read]
    taken = sum("feedback" in one for one in results)
    return json_answer({"accepted": taken, "refused": len(results) - taken, "results": results})


def _result(
    one: Truth | QueuecastError, rows: Mapping[str, RowMapping], scope: Scope
) -> dict[str, Any]:
    if isinstance(one, QueuecastError):
        return {"problem": problem_members(one, scope)}
    if one.job_id not in rows:
        return {"problem": problem_members(NotFound(NOT_HELD), scope)}
    return {"feedback": feedback_view(rows[one.job_id])}


@router.get("/prediction-log/{id:logged}", **described.READ)
async def read_logged(request: Request) -> Response:
    """One row, with the output."""
    read_parameters(request)
    here = _here(request)
    row = await asyncio.to_thread(here.log_book.read, tenant(request), read_job_id(request))
    return json_answer(logged_view(row, base_url(request, here.settings), whole=True))


@router.post("/predictions/{id}/feedback", **described.GIVE)
async def give(request: Request) -> Response:
    """What is true of one prediction; to say it again changes nothing."""
    read_parameters(request)
    here, job_id, whose = _here(request), read_job_id(request), tenant(request)
    truth = read_truth(strict_json.loads(await read_json_bytes(request)), job_id)
    rows = await asyncio.to_thread(here.log_book.give, whose, [truth])
    if job_id not in rows:
        if not (await here.reader.get(whose, job_id))["terminal"]:
            raise InvalidState("this prediction has not ended yet", retry_after_seconds=1)
        raise NotFound(NOT_HELD)
    return json_answer(feedback_view(rows[job_id]))


@router.get("/models/{name}/accuracy", **described.ACCURACY)
async def read_accuracy(request: Request) -> Response:
    """By version over time, of the predictions with feedback."""
    found, span, hourly = await _accuracy(request)
    return json_answer(accuracy_view(found, span, hourly=hourly))


@router.get("/models/{name}/accuracy.svg", **described.ACCURACY_PICTURE)
async def draw_accuracy(request: Request) -> Response:
    found, span, hourly = await _accuracy(request)
    picture = accuracy_picture(accuracy_view(found, span, hourly=hourly))
    return Response(picture, media_type="image/svg+xml")


async def _accuracy(request: Request) -> tuple[Accuracy, Span, bool]:
    """A model that is not served any more may still have some."""
    name = request.path_params["name"]
    span, hourly = read_span(request, tenant(request), name)
    found = await asyncio.to_thread(_here(request).log_book.accuracy, span, hourly=hourly)
    if not found.looked_at:
        services(request).registry.get(name)
    return found, span, hourly


def _here(request: Request) -> Container:
    return services(request).container
