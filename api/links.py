"""Full URLs for answers: below `public_url`, else below what the request itself was sent to."""

import re

from starlette.requests import Request

from api.headers import header
from shared.domain import wire
from shared.settings import Settings

API = wire.API

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


def base_url(request: Request, settings: Settings) -> str:
    """`https://host/api/v1`. A Host header that is none is not repeated in links."""
    return root_url(request, settings) + API


def root_url(request: Request, settings: Settings) -> str:
    """The same without the path of the API: `https://host`, or `https://host/prefix`."""
    return settings.public_url.rstrip("/") if settings.public_url else _requested(request)


def own_bases(request: Request, settings: Settings) -> tuple[str, ...]:
    """Every `https://host/api/v1` under which this service knows itself now."""
    return (base_url(request, settings), _requested(request) + API)


def _requested(request: Request) -> str:
    host = header(request, b"host") or ""
    if not _HOST.fullmatch(host):
        name, port = request.scope.get("server") or ("localhost", None)
        host = f"{name}:{port}" if port else str(name)
    return f"{request.scope['scheme']}://{host}"
