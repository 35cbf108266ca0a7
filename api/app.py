"""The FastAPI application: routes, limits, errors, and the life of what they work with."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp, Receive, Scope, Send

from api import error_responses
from api.dependencies import Services
from api.entrance import Entrance
from api.hot_routes import HotRoutes
from api.http_protocol import ON_SHUTDOWN
from api.layers import layered
from api.openapi.document import document
from api.request_tally import RequestTally
from api.routes import (
    bulk,
    dead_letters,
    files,
    inference_protocol,
    inference_protocol_v1,
    models,
    operations,
    overview,
    prediction_log,
    predictions,
    problems,
    streams,
    webhooks,
)
from api.routes.owned_models import owned_models
from api.uploads import FORM_MAX_BYTES
from api.web.pages import pages
from models.registry import Registry
from shared.container import Container

TELEMETRY_OFF = TelemetryConfig(tracing=False, metrics=False, logs=False, operation_spans=False)


def create_app(container: Container, registry: Registry) -> FastAPI:
    """Opens nothing yet: the submitter and the subscription live as long as the server does."""
    settings = container.settings
    app = FastAPI(
        title="Queuecast",
        openapi_url=None,  # served by our own route, with the models' examples
        redirect_slashes=False,
        lifespan=_lifespan,
        telemetry=TELEMETRY_OFF,
        # Flat: a router that is included matches every request twice.
        routes=[
            *predictions.router.routes,
            *streams.router.routes,
            *bulk.router.routes,
            *files.router.routes,
            *models.router.routes,
            *owned_models(settings.model_owner),
            *prediction_log.router.routes,
            *inference_protocol.router.routes,
            *inference_protocol_v1.router.routes,
            *webhooks.router.routes,
            *dead_letters.router.routes,
            *operations.router.routes,
            *overview.router.routes,
            *problems.router.routes,
            *pages,
        ],
    )
    tally = RequestTally(settings.log_requests)
    entrance = Entrance.of(container) if settings.keys_required else None
    app.state.services = Services(container, registry, entrance, tally=tally)
    error_responses.install(app)
    app.openapi = lambda: document(app.routes, registry)  # type: ignore[method-assign]
    # Without its outermost part, which answers in plain text what nobody expected.
    inner = HotRoutes(app.build_middleware_stack().app)  # type: ignore[attr-defined]
    larger = {
        bulk.PATH: settings.bulk_max_bytes,
        files.PATH: settings.file_max_bytes + FORM_MAX_BYTES,
        inference_protocol.INFER: settings.infer_max_bytes,
    }
    app.middleware_stack = layered(inner, app.state.services, larger)
    return app


def doorway(app: FastAPI) -> ASGIApp:
    """`app`, whose requests go straight to its layers.

    The two calls that FastAPI and Starlette make before them only say whose the request is.
    """
    layers = app.middleware_stack

    def serve(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http" or layers is None:
            return app(scope, receive, send)
        scope["app"] = app
        return layers(scope, receive, send)

    return serve


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    container: Container = app.state.services.container
    container.submitter.start()
    counting = asyncio.create_task(app.state.services.tally.keep_flushing())
    try:
        async with container.reader.listening():
            yield {ON_SHUTDOWN: container.reader.leave}  # the state of every request
    finally:
        counting.cancel()
        container.submitter.stop()
