"""Around everything else: serves the files of the pages, and lets errors of pages be pages."""

import re
from collections.abc import Awaitable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.error_responses import PROBLEM_PAGE
from api.web.frame import Frame
from api.web.problem_page import ProblemPages
from api.web.static_files import PREFIX, static_files
from shared.settings import Settings

PAGES = re.compile(
    r"/|/(overview|jobs|models|prediction-log|webhooks|dead-letters|sign-in)(/[^/]+)?"
)
_KEPT = b"public, max-age=31536000, immutable"
_ASKED_ANEW = b"no-cache"


class Web:
    """What is no page and no file of one passes untouched."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._problems = ProblemPages(Frame.of(settings))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http" or scope["path"].startswith("/api/"):
            return self._app(scope, receive, send)
        return self._page(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(PREFIX) and await _served(scope, send):
            return
        if PAGES.fullmatch(scope["path"]) and wants_page(scope):
            scope.setdefault("state", {})[PROBLEM_PAGE] = self._problems.render
        await self._app(scope, receive, send)


def wants_page(scope: Scope) -> bool:
    """Browsers say so; clients of the API do not."""
    return "text/html" in Headers(scope=scope).get("accept", "")


async def _served(scope: Scope, send: Send) -> bool:
    """Whether there is such a file, and it was sent."""
    found = static_files().get(scope["path"].removeprefix(PREFIX))
    if found is None or scope["method"] not in ("GET", "HEAD"):
        return False
    asked = scope["query_string"].decode("latin-1").removeprefix("v=")
    zips = "gzip" in Headers(scope=scope).get("accept-encoding", "")
    body = found.zipped if zips else found.data
    headers = [
        (b"content-type", found.content_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", _KEPT if asked == found.version else _ASKED_ANEW),
        (b"x-content-type-options", b"nosniff"),
        (b"vary", b"accept-encoding"),
        *([(b"content-encoding", b"gzip")] if zips else []),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    sent = body if scope["method"] == "GET" else b""
    await send({"type": "http.response.body", "body": sent})
    return True
