"""A prediction on the wire: the shape that Replicate's clients know, and our own fields."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.links import base_url
from shared.domain.prediction import Snapshot
from shared.domain.states import WIRE_STATUS, Progress
from shared.settings import Settings

PENDING_RETRY_SECONDS = 1


def answer(request: Request, prediction: Snapshot, settings: Settings) -> Response:
    """To a submit: 202 while it is pending, 200 when it has reached its end."""
    base = base_url(request, settings)
    headers = {"Location": f"{base}/predictions/{prediction['id']}"}
    if prediction["terminal"]:
        return json_answer(on_the_wire(prediction, base), 200, headers)
    headers["Retry-After"] = str(PENDING_RETRY_SECONDS)
    # Also when a wait ran out: on `processing` Replicate's client returns None, as if it had ended.
    content = on_the_wire(prediction, base) | {"status": WIRE_STATUS[Progress.QUEUED]}
    return json_answer(content, 202, headers)


def state(request: Request, prediction: Snapshot, settings: Settings) -> Response:
    """To a look: 200, or 304 when the client has seen this state already."""
    # A prediction changes with its attempt and stage, and never again after its end.
    tag = f'W/"{prediction["attempt"]}-{prediction["stage"]}"'
    headers = {"ETag": tag}
    if not prediction["terminal"]:
        headers["Retry-After"] = str(PENDING_RETRY_SECONDS)
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return json_answer(on_the_wire(prediction, base_url(request, settings)), 200, headers)


def on_the_wire(prediction: Snapshot, base: str) -> dict[str, Any]:
    """`base` is the URL of the API; `version` has its global form."""
    model, url = prediction["model"], f"{base}/predictions/{prediction['id']}"
    urls = {"get": url, "cancel": f"{url}/cancel", "input": f"{url}/input"}
    if "output_ref" in prediction:  # left out elsewhere: Replicate's client wants no null here
        urls["output"] = f"{url}/output"
    return {
        "id": prediction["id"],
        "model": model,
        "version": f"{model}:{prediction['version']}",
        "status": prediction["status"],
        "stage": prediction["stage"],
        "priority": prediction["priority"],
        "input": prediction["input"],
        "output": prediction["output"],
        "error": prediction["error"],
        "error_code": prediction["error_code"],
        "logs": None,
        "metrics": prediction["metrics"] or {},
        "metadata": prediction["metadata"],
        "cache": prediction["cache"],
        "attempts": prediction["attempt"],
        "created_at": prediction["created_at"],
        "started_at": prediction["started_at"],
        "completed_at": prediction["completed_at"],
        "deadline_at": prediction["deadline_at"],
        "expires_at": None,
        "urls": urls,
    }
