"""JSON answers, built by hand: no model class stands between a prediction and its bytes."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response


def json_answer(
    content: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(orjson.dumps(content), status, headers, "application/json")
