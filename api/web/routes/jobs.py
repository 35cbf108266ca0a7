"""*Jobs* and *Job*: what was asked for, how far it is, what came of it."""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.delivery_views import delivery_view
from api.dependencies import services, tenant
from api.links import base_url
from api.path_ids import read_job_id
from api.prediction_list import FILTERS, METADATA, PLACE, STATUSES, read_listing
from api.query_parameters import refused
from api.routes.plain_route import PlainRoute
from api.stored_payload import stored_bytes
from api.web.payloads import looked_at
from api.web.show import page, plain, query_of
from api.web.timeline import timeline
from shared.container import Container
from shared.domain.prediction import Snapshot
from shared.domain.wire import on_the_wire
from shared.errors import Expired

router = APIRouter(route_class=PlainRoute, include_in_schema=False)

SHOWN_MAX_BYTES = 256 << 10
"""Larger payloads are linked, not shown."""


@router.get("/jobs")
async def jobs(request: Request) -> Response:
    """The same list as that of the API, by the same filters; `?id=` leads to one job."""
    if job_id := request.query_params.get("id", "").strip():
        return RedirectResponse(f"jobs/{job_id}", 303)
    here = services(request)
    wanted = _wanted(request)
    listing = read_listing(wanted, tenant(request))
    rows, edge = await here.container.reader.page(listing.page)
    base, kept = base_url(request, here.container.settings), here.container.settings.result_kept
    found = plain(listing.render(rows, base, edge, kept))
    return page(
        request,
        "jobs.html",
        jobs=found["results"],
        newer=query_of(found["previous"]),
        older=query_of(found["next"]),
        is_first=listing.is_first,
        chosen={name: request.query_params.get(name, "") for name in FILTERS}
        | {"metadata": _metadata_text(wanted)},
        query=request.url.query,
        models=list(here.registry.models),
        statuses=[one for one in STATUSES if one != "processing"],
    )


def _wanted(request: Request) -> Mapping[str, str]:
    """What the form sends, without what was left empty; its times are UTC.

    Metadata comes as `metadata.KEY=VALUE`, as in links, or from the form, as `metadata=KEY=VALUE`.
    """
    known = {name: request.query_params.get(name, "") for name in (*FILTERS, *PLACE)}
    for name in ("created_after", "created_before"):
        if (moment := known[name]) and "Z" not in moment and "+" not in moment:
            known[name] = f"{moment}Z" if moment.count(":") == 2 else f"{moment}:00Z"
    found = {name: value for name, value in known.items() if value}
    if "metadata" in request.query_params:
        return found | _of_metadata(request.query_params["metadata"])
    given = request.query_params.items()
    return found | {name: value for name, value in given if name.startswith(METADATA)}


def _of_metadata(text: str) -> dict[str, str]:
    """The filter that `order=A-7` stands for; nothing where the field was left empty."""
    key, equals, value = text.strip().partition("=")
    if text.strip() and not (key and equals):
        raise refused("metadata", "should be a key and its value, such as order=A-7")
    return {f"{METADATA}{key}": value} if key else {}


def _metadata_text(wanted: Mapping[str, str]) -> str:
    """What the form's field says of it."""
    own = [name for name in wanted if name.startswith(METADATA)]
    return f"{own[0].removeprefix(METADATA)}={wanted[own[0]]}" if own else ""


@router.get("/jobs/{id}")
async def job(request: Request) -> Response:
    here, job_id = services(request).container, read_job_id(request)
    found = await here.reader.get(tenant(request), job_id)
    position = None if found["terminal"] else await here.positions.of(found)
    base = base_url(request, here.settings)
    told = await asyncio.to_thread(here.deliveries.of_job, tenant(request), job_id)
    view = plain(on_the_wire(found, base, here.settings.result_kept))
    return page(
        request,
        "job.html",
        job=view,
        terminal=found["terminal"],
        position=position,
        parts=timeline(view),
        input=await _input(here, tenant(request), found),
        output=await _output(here, found, view),
        deliveries=[delivery_view(one, base) for one in told],
    )


async def _input(here: Container, tenant: str, found: Snapshot) -> Any:
    """What is shown of the input; None of one that is too large, or not kept any more."""
    if found["input"] is not None:
        return looked_at(found["input"])
    if found["input_bytes"] > SHOWN_MAX_BYTES:
        return None
    try:
        data, reference = await here.reader.input(tenant, found["id"])
    except Expired:
        return None
    return await _read(here, data, reference)


async def _output(here: Container, found: Snapshot, view: Mapping[str, Any]) -> Any:
    if view["output"] is not None:
        return looked_at(view["output"])
    return await _read(here, None, found.get("output_ref"))


async def _read(here: Container, data: bytes | None, reference: str | None) -> Any:
    if data is None and reference is not None:
        data = await stored_bytes(here.blobs, reference)
    if data is None or len(data) > SHOWN_MAX_BYTES:
        return None
    return looked_at(orjson.loads(data))
