"""What a route of the API answers, for the page that shows the same."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

Route = Callable[[Request], Awaitable[Response]]


async def told(
    route: Route, request: Request, parameters: Mapping[str, str], **path: str
) -> dict[str, Any]:
    """As if `route` had been asked with these parameters; raises what it raises."""
    query = urlencode(dict(parameters)).encode()
    asked = Request({**request.scope, "query_string": query, "path_params": path})
    found: dict[str, Any] = orjson.loads((await route(asked)).body)
    return found


def filled_in(request: Request, *names: str) -> dict[str, str]:
    """Of the parameters of a page, those that a form did not leave empty; its times are UTC."""
    found = {name: request.query_params.get(name, "").strip() for name in names}
    return {name: _moment(name, value) for name, value in found.items() if value}


def _moment(name: str, value: str) -> str:
    """A browser's form says no zone, and no seconds where they are 0."""
    if not name.endswith(("_after", "_before")) or len(value) not in (16, 19):
        return value
    return f"{value}:00Z" if len(value) == 16 else f"{value}Z"
