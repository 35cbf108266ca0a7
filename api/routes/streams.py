"""A prediction's events as they happen."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from time import monotonic

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import still_opens
from api.dependencies import services, tenant
from api.event_stream import EventStream
from api.links import API, base_url
from api.openapi import streams as described
from api.path_ids import read_job_id
from api.prediction_events import BEGINNING, Place, PredictionEvents
from api.query_parameters import read_parameters, refused
from api.routes.plain_route import PlainRoute

router = APIRouter(prefix=API, route_class=PlainRoute)

KEY_SECONDS = 5.0
"""So often the key of an open stream is looked at."""


@router.get("/predictions/{id}/stream", **described.STREAM)
async def stream(request: Request) -> Response:
    """Server-sent events until the prediction has ended, from behind `Last-Event-ID` on."""
    here, job_id = services(request), read_job_id(request)
    every = _wants_every(request)
    behind = Place.of(request.headers.get("last-event-id", "")) or BEGINNING
    if behind.is_last:  # a browser comes back by itself, until it is told not to
        await here.container.reader.get(tenant(request), job_id)
        return Response(status_code=204)
    settings = here.container.settings
    base, kept = base_url(request, settings), settings.result_kept
    events = PredictionEvents(base, every=every, behind=behind, kept=kept)
    frames = _frames(request, job_id, events)
    most = settings.streams_max
    slot = here.streams.one_of(most, tenant(request), settings.of_tenant(most))
    return EventStream(frames, slot)


async def _frames(request: Request, job_id: str, events: PredictionEvents) -> AsyncIterator[bytes]:
    """They end early when the key is not good any more."""
    container, entrance = services(request).container, services(request).entrance
    began = monotonic()
    states = container.follower.follow(tenant(request), job_id, stages=events.every)
    async with aclosing(states) as found:  # type: ignore[type-var]
        async for prediction in found:
            if entrance is not None and monotonic() - began > KEY_SECONDS:
                if not await still_opens(request.scope, entrance, container.key_ring):
                    return
                began = monotonic()
            yield events.of(prediction)


def _wants_every(request: Request) -> bool:
    wanted = read_parameters(request, "events").get("events", "default")
    if wanted not in ("default", "all"):
        raise refused("events", "should be `default` or `all`")
    return wanted == "all"
