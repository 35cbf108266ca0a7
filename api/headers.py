"""Headers of a request, by their names in lower case.

`Request.headers` is one more object of each request, encodes the name for each look, and raises
within itself where there is none: it costs twice to three times as much, and every job has eight.
"""

from starlette.requests import Request


def header(request: Request, name: bytes) -> str | None:
    """The first of that name; None without one."""
    for key, value in request.scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


def headers(request: Request, name: bytes) -> list[str]:
    """All of that name, in their order."""
    return [str(value, "latin-1") for key, value in request.scope["headers"] if key == name]
