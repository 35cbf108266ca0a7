"""What a problem's `type` leads to: a page that explains it."""

from html import escape

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.error_catalogue import answers, catalogue, entry, explanation
from api.html_page import html_page, prose
from api.routes.plain_route import PlainRoute
from shared.domain.failures import Failure
from shared.errors import NotFound, QueuecastError

router = APIRouter(prefix="/problems", route_class=PlainRoute, include_in_schema=False)


@router.get("")
async def list_problems(request: Request) -> Response:
    if not _wants_html(request):
        return _markdown(catalogue())
    failures = "".join(
        f"<tr><td><code>{one.value}</code><td>{prose(one.meaning)}" for one in Failure
    )
    body = "".join(f'<h3><a href="problems/{one.type}">{one.type}</a></h3>{_html(one)}'
                   for one in answers())  # fmt: skip
    return html_page("Errors", f"{body}<h2>Failed jobs</h2><table>{failures}</table>")


@router.get("/{type}")
async def read_problem(request: Request) -> Response:
    wanted = request.path_params["type"]
    for one in answers():
        if one.type == wanted:
            if _wants_html(request):
                return html_page(one.title, f"{_html(one)}<p><a href='../problems'>All errors</a>")
            return _markdown(f"# {one.type}\n\n{entry(one)}")
    raise NotFound("there is no problem of this type")


def _wants_html(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _html(error: type[QueuecastError]) -> str:
    return (
        f"<p><code>{error.status}</code> <b>{escape(error.title)}.</b> {prose(explanation(error))}"
    )


def _markdown(text: str) -> Response:
    return Response(text, media_type="text/markdown")
