"""The last minutes in numbers, over HTTP."""

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.dependencies import is_admin, services, tenant
from api.links import API
from api.openapi import overview as described
from api.overview import overview
from api.query_parameters import read_parameters
from api.routes.plain_route import PlainRoute

router = APIRouter(prefix=API, route_class=PlainRoute)


@router.get("/overview", **described.READ)
async def read_overview(request: Request) -> Response:
    read_parameters(request)
    here, whose = services(request), tenant(request)
    found = await asyncio.to_thread(overview, here, whose, names_hosts=is_admin(request))
    return json_answer(found)
