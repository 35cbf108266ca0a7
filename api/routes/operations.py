"""For operators, orchestrators and readers: health, metrics, documentation."""

import asyncio

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.dependencies import services
from api.docs_page import docs_page
from api.links import API, root_url
from api.live_metrics import LiveMetrics
from api.openapi import operations as described
from api.routes.plain_route import PlainRoute
from api.system_health import require_ready, system_health
from api.web.layer import wants_page
from api.web.routes.try_it import try_it
from shared.telemetry import exposition

router = APIRouter(route_class=PlainRoute)


@router.get("/", **described.ROOT)
async def root(request: Request) -> Response:
    """A browser is shown the first page."""
    if wants_page(request.scope):
        return await try_it(request)
    base = root_url(request, services(request).container.settings)
    paths = {
        "documentation": "/docs",
        "openapi": "/openapi.json",
        "models": f"{API}/models",
        "predictions": f"{API}/predictions",
        "files": f"{API}/files",
        "health": "/health/system",
    }
    links = {name: base + path for name, path in paths.items()}
    return json_answer({"status": "alive", "links": links})


@router.get("/health/live", **described.LIVE)
async def live(_request: Request) -> Response:
    """The event loop turns."""
    return json_answer({"status": "ok"})


@router.get("/health/ready", **described.READY)
async def ready(request: Request) -> Response:
    """This process can accept a job."""
    await asyncio.to_thread(require_ready, services(request))
    return json_answer({"status": "ok"})


@router.get("/health/system", **described.SYSTEM)
async def system(request: Request) -> Response:
    """Always 200: read `status`."""
    return json_answer(await asyncio.to_thread(system_health, services(request)))


@router.get("/metrics", **described.METRICS)
async def metrics(request: Request) -> Response:
    here = services(request)
    here.tally.flush()
    text = await asyncio.to_thread(exposition.text, LiveMetrics(here.container, here.company))
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> Response:
    return json_answer(request.app.openapi())


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """Needs no script and nothing from elsewhere."""
    settings = services(request).container.settings
    return docs_page(request.app.openapi(), root_url(request, settings))
