"""*Overview*: the frame of it; the figures come from the API, every two seconds."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.routes.plain_route import PlainRoute
from api.web.show import page

router = APIRouter(route_class=PlainRoute, include_in_schema=False)


@router.get("/overview")
async def overview(request: Request) -> Response:
    return page(request, "overview.html")
