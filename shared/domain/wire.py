"""A prediction on the wire: the shape that Replicate's clients know, and our own fields.

HTTP answers and webhooks show the same.
"""

from datetime import datetime, timedelta
from typing import Any

from shared.domain.prediction import Snapshot, wire_time

API = "/api/v1"
"""The path below which every link leads."""


def on_the_wire(prediction: Snapshot, base: str, kept: timedelta | None = None) -> dict[str, Any]:
    """`base` is the URL of the API; `version` has its global form.

    `kept` is how long its output can be read once it has ended; None: for good.
    """
    model, url = prediction["model"], f"{base}/predictions/{prediction['id']}"
    shown: dict[str, Any] = {
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
        "queue_position": None,
        "estimated_start": None,
        "created_at": prediction["created_at"],
        "started_at": prediction["started_at"],
        "completed_at": prediction["completed_at"],
        "deadline_at": prediction["deadline_at"],
        "expires_at": _expires_at(prediction["completed_at"], kept),
        "urls": {
            "get": url,
            "cancel": f"{url}/cancel",
            "stream": f"{url}/stream",
            "input": f"{url}/input",
        },
    }
    if "output_ref" in prediction:  # left out elsewhere: Replicate's client wants no null here
        shown["urls"]["output"] = f"{url}/output"
    if "retry_of" in prediction:
        shown["retry_of"] = prediction["retry_of"]
    return shown


def _expires_at(completed_at: str | None, kept: timedelta | None) -> str | None:
    if completed_at is None or kept is None:
        return None
    return wire_time(datetime.fromisoformat(completed_at) + kept)
