"""Webhooks over HTTP: the secret that signs them, what was delivered, and endpoints that fail."""

import asyncio
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import strict_json
from api.answers import json_answer
from api.cursors import decode_cursor, encode_cursor
from api.delivery_views import delivery_view, endpoint_view
from api.dependencies import services, tenant
from api.links import API, base_url
from api.openapi import webhooks as described
from api.query_parameters import read_limit, read_parameters
from api.request_body import read_json_bytes
from api.routes.plain_route import PlainRoute
from api.webhook_fields import url_check
from shared.container import Container
from shared.domain.ids import parse_job_id
from shared.errors import FieldError, InvalidInput, NotFound, UnknownField

router = APIRouter(prefix=API, route_class=PlainRoute)


@router.get("/webhooks/default/secret", **described.READ_SECRET)
async def read_secret(request: Request) -> Response:
    """Made when it is first asked for, or first signs."""
    read_parameters(request)
    return _secret(await asyncio.to_thread(_here(request).secrets.current, tenant(request)))


@router.post("/webhooks/default/secret/rotate", **described.ROTATE_SECRET)
async def rotate_secret(request: Request) -> Response:
    """The one before signs too, for a day."""
    read_parameters(request)
    return _secret(await asyncio.to_thread(_here(request).secrets.rotate, tenant(request)))


@router.post("/webhooks/default/test", **described.TEST)
async def send_test(request: Request) -> Response:
    read_parameters(request)
    here = _here(request)
    url = await _url(request)
    told = await asyncio.to_thread(here.deliveries.test, tenant(request), url)
    return json_answer(delivery_view(told, base_url(request, here.settings)), 202)


@router.get("/predictions/{id}/deliveries", **described.LIST_DELIVERIES)
async def list_deliveries(request: Request) -> Response:
    """All of one prediction: there is one for each event."""
    read_parameters(request)
    here, job_id = _here(request), _id(request, "prediction")
    await here.reader.get(tenant(request), job_id)
    told = await asyncio.to_thread(here.deliveries.of_job, tenant(request), job_id)
    base = base_url(request, here.settings)
    results = [delivery_view(one, base) for one in told]
    return json_answer({"next": None, "previous": None, "results": results})


@router.get("/deliveries/{id}", **described.READ_DELIVERY)
async def read_delivery(request: Request) -> Response:
    read_parameters(request)
    here, delivery_id = _here(request), _id(request, "delivery")
    told = await asyncio.to_thread(here.deliveries.get, tenant(request), delivery_id)
    return json_answer(delivery_view(told, base_url(request, here.settings)))


@router.post("/deliveries/{id}/replay", **described.REPLAY)
async def replay(request: Request) -> Response:
    """The same webhook under the same id, on a fresh schedule."""
    read_parameters(request)
    here, delivery_id = _here(request), _id(request, "delivery")
    told = await asyncio.to_thread(here.deliveries.replay, tenant(request), delivery_id)
    return json_answer(delivery_view(told, base_url(request, here.settings)), 202)


@router.get("/webhooks/endpoints", **described.LIST_ENDPOINTS)
async def list_endpoints(request: Request) -> Response:
    """Those in trouble, in no order that means anything."""
    parameters, whose = read_parameters(request, "limit", "cursor"), tenant(request)
    limit, position = read_limit(parameters), decode_cursor(parameters, "endpoints", whose)
    here, after = _here(request), position[0] if position else None
    rows = await asyncio.to_thread(here.deliveries.endpoints, whose, limit + 1, after)
    base, following = base_url(request, here.settings), None
    if len(rows) > limit:
        cursor = encode_cursor([rows[limit - 1]["id"]], "endpoints", whose)
        following = f"{base}/webhooks/endpoints?{urlencode({'limit': limit, 'cursor': cursor})}"
    results = [endpoint_view(row, base) for row in rows[:limit]]
    return json_answer({"next": following, "previous": None, "results": results})


@router.post("/webhooks/endpoints/{id}/enable", **described.ENABLE)
async def enable_endpoint(request: Request) -> Response:
    """It is called again from now on; what failed meanwhile can be replayed."""
    read_parameters(request)
    here, wanted = _here(request), request.path_params["id"]
    if not (wanted.isascii() and wanted.isalnum() and len(wanted) == 32):
        raise NotFound("there is no endpoint in trouble with this id")
    row = await asyncio.to_thread(here.deliveries.enable, tenant(request), wanted)
    return json_answer(endpoint_view(row, base_url(request, here.settings), enabled=True))


def _here(request: Request) -> Container:
    return services(request).container


def _secret(key: str) -> Response:
    return json_answer({"key": key})


def _id(request: Request, what: str) -> str:
    found = parse_job_id(request.path_params["id"])
    if found is None:
        raise NotFound(f"there is no {what} with this id")
    return found


async def _url(request: Request) -> str:
    """Of a body `{"url": …}`."""
    body = strict_json.loads(await read_json_bytes(request))
    if not isinstance(body, dict) or "url" not in body:
        raise InvalidInput("/url: is missing", errors=[FieldError("/url", "is missing")])
    if len(body) > 1:
        raise UnknownField("the body should have `url` alone")
    try:
        return url_check(_here(request).settings)(body["url"])
    except ValueError as error:
        raise InvalidInput(f"/url: {error}", errors=[FieldError("/url", str(error))]) from None
    except InvalidInput as error:
        error.errors = (FieldError("/url", error.detail),)
        error.detail = f"/url: {error.detail}"
        raise
