"""How a route shows a page."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import services
from api.web.frame import Frame


def page(request: Request, template: str, **context: Any) -> Response:
    """Whatever `context` has is escaped where it is shown."""
    here = services(request)
    frame = Frame.of(here.container.settings)
    return frame.render(request.scope, template, **context)


def plain(view: Any) -> Any:
    """What an answer would hold, read back: outputs are kept as bytes that nobody has parsed."""
    return orjson.loads(orjson.dumps(view))


def query_of(link: str | None) -> str | None:
    """The query of one of the API's links, for the page that shows the same list."""
    return link.partition("?")[2] if link else None
