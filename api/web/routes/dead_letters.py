"""*Dead letters*: jobs that failed for no fault of their input's, to be sent again."""

from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.dead_letter_list import FILTERS, PLACE
from api.dependencies import services
from api.routes.dead_letters import list_dead_letters
from api.routes.plain_route import PlainRoute
from api.web.show import page, query_of
from api.web.told import filled_in, told
from shared.domain.failures import OPERATORS

router = APIRouter(route_class=PlainRoute, include_in_schema=False)


@router.get("/dead-letters")
async def dead_letters(request: Request) -> Response:
    wanted = filled_in(request, *FILTERS, *PLACE)
    found = await told(list_dead_letters, request, wanted)
    choice = {name: value for name, value in wanted.items() if name in FILTERS}
    return page(
        request,
        "dead_letters.html",
        letters=found["results"],
        older=query_of(found["next"]),
        chosen={name: request.query_params.get(name, "") for name in FILTERS},
        choice=urlencode(choice),
        models=list(services(request).registry.models),
        codes=sorted(OPERATORS),
    )
