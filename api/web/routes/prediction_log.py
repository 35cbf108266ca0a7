"""*Prediction log*: what was predicted, how answers change over time, how right they were."""

from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import services
from api.log_queries import FILTERS, WITHIN
from api.routes.plain_route import PlainRoute
from api.routes.prediction_log import list_logged, read_accuracy, read_distribution
from api.web.distribution import picture
from api.web.show import page, query_of
from api.web.told import filled_in, told

router = APIRouter(route_class=PlainRoute, include_in_schema=False)

CODES_SHOWN = ("succeeded", "failed", "canceled")


@router.get("/prediction-log")
async def prediction_log(request: Request) -> Response:
    """Without a model the list is of all; the picture is of one."""
    models = list(services(request).registry.models)
    wanted = filled_in(request, *FILTERS, "limit", "cursor")
    found = await told(list_logged, request, wanted)
    model = wanted.get("model") or next(iter(models), "")
    span = {name: wanted[name] for name in ("version", *WITHIN) if name in wanted}
    by = "hour" if request.query_params.get("by") == "hour" else "day"
    answers = accuracy = None
    if model:
        counted = span | {"by": by}
        answers = await told(read_distribution, request, counted | {"model": model})
        accuracy = await told(read_accuracy, request, counted, name=model)
    return page(
        request,
        "prediction_log.html",
        rows=found["results"],
        older=query_of(found["next"]),
        export=urlencode({name: value for name, value in wanted.items() if name in FILTERS}),
        chosen={name: request.query_params.get(name, "") for name in FILTERS},
        by=by,
        model=model,
        models=models,
        statuses=CODES_SHOWN,
        answers=picture(answers) if answers else None,
        accuracy=[one for one in accuracy["totals"] if one["labels"]] if accuracy else [],
    )
