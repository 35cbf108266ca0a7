"""Dead letters over HTTP: list them, look at one, send again, throw away."""

import asyncio
from collections.abc import Callable, Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import predictions
from api.answers import json_answer
from api.dead_letter_list import FILTERS, PLACE, letter_view, page_view, read_place, read_wanted
from api.dependencies import services, tenant
from api.links import API, base_url
from api.openapi import dead_letters as described
from api.query_parameters import read_limit, read_parameters
from api.routes.plain_route import PlainRoute
from shared.container import Container
from shared.domain.ids import parse_job_id
from shared.errors import NotFound
from shared.jobs.dead_letter_office import Done
from shared.jobs.dead_letters import Wanted

router = APIRouter(prefix=API, route_class=PlainRoute)


@router.get("/dead-letters", **described.LIST)
async def list_dead_letters(request: Request) -> Response:
    parameters, whose = read_parameters(request, *PLACE, *FILTERS), tenant(request)
    wanted, limit = read_wanted(parameters, whose), read_limit(parameters)
    here, before = _here(request), read_place(parameters, whose)
    found = await asyncio.to_thread(here.dead_letters.page, wanted, limit, before)
    base = base_url(request, here.settings)
    return json_answer(page_view(found, parameters, whose, limit, base))


@router.delete("/dead-letters", **described.PURGE_ALL)
async def purge_dead_letters(request: Request) -> Response:
    """Those that the filters choose, up to a thousand at a time."""
    return await _of_many(request, "purged", _here(request).dead_letters.purge_all)


@router.post("/dead-letters/retry", **described.RETRY_ALL)
async def retry_dead_letters(request: Request) -> Response:
    """The same choice; those that were retried before are passed over."""
    return await _of_many(request, "retried", _here(request).dead_letters.retry_all)


@router.get("/dead-letters/{id}", **described.READ)
async def read_dead_letter(request: Request) -> Response:
    read_parameters(request)
    here = _here(request)
    row = await asyncio.to_thread(here.dead_letters.get, tenant(request), _id(request))
    return json_answer(letter_view(row, base_url(request, here.settings)))


@router.delete("/dead-letters/{id}", **described.PURGE)
async def purge_dead_letter(request: Request) -> Response:
    read_parameters(request)
    await asyncio.to_thread(_here(request).dead_letters.purge, tenant(request), _id(request))
    return Response(status_code=204)


@router.post("/dead-letters/{id}/retry", **described.RETRY)
async def retry_dead_letter(request: Request) -> Response:
    """However often it is asked for: the same one new job."""
    read_parameters(request)
    here = _here(request)
    made = await asyncio.to_thread(here.dead_letters.retry, tenant(request), _id(request))
    return predictions.answer(request, made, here.settings)


async def _of_many(request: Request, word: str, act: Callable[[Wanted], Done]) -> Response:
    parameters: Mapping[str, str] = read_parameters(request, *FILTERS)
    wanted = read_wanted(parameters, tenant(request))
    done = await asyncio.to_thread(act, wanted)
    return json_answer({word: done.letters, "more": done.more})


def _here(request: Request) -> Container:
    return services(request).container


def _id(request: Request) -> str:
    found = parse_job_id(request.path_params["id"])
    if found is None:
        raise NotFound("there is no dead letter with this id")
    return found
