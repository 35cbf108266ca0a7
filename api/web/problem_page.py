"""Errors of pages, as pages; who has no key is asked for one."""

from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

from api.web.frame import Frame
from shared.errors import QueuecastError, Unauthorized


class ProblemPages:
    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def render(self, scope: Scope, error: QueuecastError) -> Response:
        if isinstance(error, Unauthorized):
            return self._to_sign_in(scope)
        answer = self._frame.render(scope, "problem.html", status=error.status, problem=error)
        if error.retry_after_seconds is not None:
            answer.headers["Retry-After"] = str(round(error.retry_after_seconds))
        return answer

    def _to_sign_in(self, scope: Scope) -> Response:
        wanted = scope["path"]
        if query := scope["query_string"].decode("latin-1"):
            wanted += f"?{query}"
        url = f"{self._frame.root}/sign-in?{urlencode({'next': wanted})}"
        if Headers(scope=scope).get("hx-request"):  # a part of a page: the whole one moves
            return Response(status_code=200, headers={"HX-Redirect": url})
        return RedirectResponse(url, 303)
