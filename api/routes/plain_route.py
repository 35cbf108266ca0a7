"""A route whose function takes the request and gives the response."""

from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import request_response


class PlainRoute(APIRoute):
    """Stands in FastAPI's OpenAPI document, but is called as plain Starlette.

    FastAPI's own handler solves dependencies and opens two exit stacks for each request; nothing
    here needs them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app = request_response(self.endpoint)
