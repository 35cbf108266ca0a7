"""Files over HTTP: upload one, name its URL in as many inputs as you like, remove it."""

import asyncio
from collections.abc import Iterator
from itertools import chain
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.answers import json_answer
from api.cursors import decode_cursor, encode_cursor, read_edge
from api.dependencies import services, tenant
from api.file_names import attachment
from api.file_views import file_view
from api.links import API, base_url
from api.openapi import files as described
from api.query_parameters import read_limit, read_parameters
from api.routes.plain_route import PlainRoute
from api.uploads import uploaded
from shared.domain.ids import parse_job_id
from shared.domain.prediction import wire_time
from shared.errors import NotFound
from shared.files.files import File

router = APIRouter(prefix=API, route_class=PlainRoute)

PATH = f"{API}/files"

# Whatever was uploaded, a browser that opens it runs nothing of it.
_INERT = {"Content-Security-Policy": "sandbox; default-src 'none'", "Accept-Ranges": "none"}


@router.post("/files", **described.CREATE)
async def create(request: Request) -> Response:
    read_parameters(request)
    here, most = services(request).container, services(request).container.settings.uploads_max
    # Until it is whole, what has come of a file stands on this machine's disk.
    slot = services(request).uploads.one_of(most, tenant(request), here.settings.of_tenant(most))
    with slot:
        async with uploaded(request, here.settings.file_max_bytes) as upload:
            what = (upload.file, upload.name, upload.content_type, upload.metadata)
            file = await asyncio.to_thread(here.files.keep, tenant(request), *what)
    view = file_view(file, base_url(request, here.settings))
    return json_answer(view, 201, {"Location": view["urls"]["get"]})


@router.get("/files", **described.LIST)
async def list_files(request: Request) -> Response:
    """Newest first."""
    here = services(request).container
    parameters = read_parameters(request, "limit", "cursor")
    limit, whose = read_limit(parameters), ("files", tenant(request))
    position = decode_cursor(parameters, *whose)
    before = read_edge(position) if position is not None else None
    found = await asyncio.to_thread(here.files.page, tenant(request), limit + 1, before)
    files, base, following = found[:limit], base_url(request, here.settings), None
    if len(found) > limit:
        cursor = encode_cursor([wire_time(files[-1].created_at), files[-1].id], *whose)
        following = f"{base}/files?{urlencode({'limit': limit, 'cursor': cursor})}"
    results = [file_view(file, base) for file in files]
    return json_answer({"next": following, "previous": None, "results": results})


@router.get("/files/{id}", **described.READ)
async def read(request: Request) -> Response:
    read_parameters(request)
    file = await _file(request)
    return json_answer(file_view(file, base_url(request, services(request).container.settings)))


@router.get("/files/{id}/content", **described.READ_CONTENT)
async def read_content(request: Request) -> Response:
    """The bytes that were uploaded, as something to store, never to show."""
    read_parameters(request)
    file = await _file(request)
    headers = {"ETag": f'"{file.sha256}"', "Content-Disposition": attachment(file.name)} | _INERT
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    body = await asyncio.to_thread(_begun, services(request).container.files.chunks(file))
    headers |= {"Content-Length": str(file.size), "Content-Type": file.content_type}
    return StreamingResponse(body, headers=headers)


@router.delete("/files/{id}", **described.DELETE)
async def delete(request: Request) -> Response:
    """Predictions that had it as an input keep its content."""
    read_parameters(request)
    here = services(request).container
    await asyncio.to_thread(here.files.remove, tenant(request), _file_id(request))
    return Response(status_code=204)


async def _file(request: Request) -> File:
    here = services(request).container
    return await asyncio.to_thread(here.files.get, tenant(request), _file_id(request))


def _file_id(request: Request) -> str:
    file_id = parse_job_id(request.path_params["id"])
    if file_id is None:
        raise NotFound("there is no file with this id: an id is a UUID")
    return file_id


def _begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same once the first has come: what is missing is said before an answer has begun."""
    return chain([next(chunks, b"")], chunks)
