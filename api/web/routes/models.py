"""*Models*: versions, schemas, and how they did of late."""

import asyncio
from collections.abc import Mapping

from fastapi import APIRouter
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import services, tenant
from api.links import base_url
from api.model_views import model_view
from api.routes.plain_route import PlainRoute
from api.web.show import page, plain
from models.registry import Model
from shared.db.engine import reading
from shared.prediction_log.statistics import NEWEST, Statistics, statistics

router = APIRouter(route_class=PlainRoute, include_in_schema=False)


@router.get("/models")
async def models(request: Request) -> Response:
    here = services(request)
    return page(
        request,
        "models.html",
        models=list(here.registry.models.values()),
        refused=here.registry.refused,
    )


@router.get("/models/{name}")
async def model(request: Request) -> Response:
    here = services(request)
    found = here.registry.get(request.path_params["name"])
    settings = here.container.settings
    engine, whose = here.container.engine, tenant(request)
    return page(
        request,
        "model.html",
        model=plain(model_view(found, base_url(request, settings), settings.model_owner)),
        numbers=await asyncio.to_thread(_numbers, engine, whose, found),
        newest=NEWEST,
    )


def _numbers(engine: Engine, tenant: str, model: Model) -> Mapping[str, Statistics]:
    """By version."""
    with reading(engine) as connection:
        return {one: statistics(connection, tenant, model.name, one) for one in model.versions}
