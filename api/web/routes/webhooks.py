"""*Webhooks*: the secret, a test, receivers in trouble, what was sent of late."""

import asyncio
from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy import Engine, RowMapping
from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import services, tenant
from api.routes.plain_route import PlainRoute
from api.routes.webhooks import list_endpoints
from api.web.show import page, query_of
from api.web.told import filled_in, told
from shared.db.engine import reading
from shared.jobs.recent_deliveries import LOOKED_AT, recent_deliveries

router = APIRouter(route_class=PlainRoute, include_in_schema=False)

DELIVERIES_SHOWN = 25


@router.get("/webhooks")
async def webhooks(request: Request) -> Response:
    found = await told(list_endpoints, request, filled_in(request, "limit", "cursor"))
    engine = services(request).container.engine
    return page(
        request,
        "webhooks.html",
        endpoints=found["results"],
        older=query_of(found["next"]),
        deliveries=await asyncio.to_thread(_deliveries, engine, tenant(request)),
        looked_at=LOOKED_AT,
    )


def _deliveries(engine: Engine, tenant: str) -> Sequence[RowMapping]:
    with reading(engine) as connection:
        return recent_deliveries(connection, tenant, DELIVERIES_SHOWN)
