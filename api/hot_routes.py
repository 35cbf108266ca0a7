"""The two routes that every job uses, served ahead of the framework.

They are ordinary routes of the application as well, so its document and its answers to other
methods know them; see docs/decisions/0007.
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.links import API
from api.request_tally import TEMPLATE
from api.routes import predictions

Endpoint = Callable[[Request], Awaitable[Response]]

_CREATE = f"{API}/predictions"
_READ = f"{API}/predictions/"
_READ_TEMPLATE = _READ + "{id}"
_ID_LENGTH = 36


class HotRoutes:
    """Passes everything else on. Errors are left to what stands around it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = _endpoint(scope) if scope["type"] == "http" else None
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        response = await endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


def _endpoint(scope: Scope) -> Endpoint | None:
    method, path = scope["method"], scope["path"]
    if method == "POST" and path == _CREATE:
        scope[TEMPLATE] = _CREATE
        return predictions.create
    if method == "GET" and len(path) == len(_READ) + _ID_LENGTH and path.startswith(_READ):
        scope["path_params"] = {"id": path[len(_READ) :]}
        scope[TEMPLATE] = _READ_TEMPLATE
        return predictions.read
    return None
