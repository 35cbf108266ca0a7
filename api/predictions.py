"""Answers that show one prediction: to a submit, and to a look."""

from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.headers import header
from api.links import base_url
from shared.domain.prediction import Snapshot, wire_time
from shared.domain.states import WIRE_STATUS, Progress
from shared.domain.wire import on_the_wire
from shared.jobs.positions import Position
from shared.settings import Settings

PENDING_RETRY_SECONDS = 1


def answer(request: Request, prediction: Snapshot, settings: Settings) -> Response:
    """To a submit: 202 while it is pending, 200 when it has reached its end."""
    base = base_url(request, settings)
    headers = {"Location": f"{base}/predictions/{prediction['id']}"}
    shown = on_the_wire(prediction, base, settings.result_kept)
    if prediction["terminal"]:
        return json_answer(shown, 200, headers)
    headers["Retry-After"] = str(PENDING_RETRY_SECONDS)
    # Also when a wait ran out: on `processing` Replicate's client returns None, as if it had ended.
    shown["status"] = WIRE_STATUS[Progress.QUEUED]
    return json_answer(shown, 202, headers)


def state(
    request: Request, prediction: Snapshot, settings: Settings, position: Position | None = None
) -> Response:
    """To a look: 200, or 304 when the client has seen this state already."""
    # A prediction changes with its attempt, stage and position, and never again after its end.
    place = f"-{position.place}" if position else ""
    tag = f'W/"{prediction["attempt"]}-{prediction["stage"]}{place}"'
    headers = {"ETag": tag}
    if not prediction["terminal"]:
        headers["Retry-After"] = str(PENDING_RETRY_SECONDS)
    if header(request, b"if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    shown = on_the_wire(prediction, base_url(request, settings), settings.result_kept)
    if position is not None:
        start = wire_time(position.start) if position.start else None
        shown |= {"queue_position": position.place, "estimated_start": start}
    return json_answer(shown, 200, headers)
