"""A route whose function takes the request and gives the response."""

from typing import Any

from fastapi.routing import APIRoute
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.routing import request_response


class PlainRoute(APIRoute):
    """Stands in FastAPI's OpenAPI document, but is called as plain Starlette.

    FastAPI's own handler solves dependencies and opens two exit stacks for each request; nothing
    here needs them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app = request_response(self.endpoint)


class _Id(StringConvertor):
    """`{id:job}`: anything but the word that stands in its place in another path."""

    regex = "(?!bulk$)[^/]+"


class _Plain(StringConvertor):
    """`{name:plain}`: without the colon that a verb follows in another path."""

    regex = "[^/:]+"


class _LoggedId(StringConvertor):
    """`{id:logged}`: the same below the prediction log."""

    regex = "(?!feedback$)[^/]+"


register_url_convertor("job", _Id())
register_url_convertor("logged", _LoggedId())
register_url_convertor("plain", _Plain())
