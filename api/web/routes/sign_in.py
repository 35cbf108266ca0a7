"""Signing in with an API key, where keys are asked for; and out."""

from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.dependencies import services
from api.entrance import Entrance
from api.key_check import KEY_MAX_BYTES
from api.request_body import read_bytes
from api.routes.plain_route import PlainRoute
from api.web.frame import Frame
from api.web.layer import PAGES
from api.web.sessions import end
from shared.errors import (
    Forbidden,
    NotFound,
    RateLimited,
    RequestError,
    Unauthorized,
    UnsupportedMediaType,
)

router = APIRouter(route_class=PlainRoute, include_in_schema=False)

FORM = "application/x-www-form-urlencoded"
FIELDS_MAX = 8
"""Whoever sends it is unknown yet, and a body full of fields would hold up all others."""


@router.get("/sign-in")
async def ask(request: Request) -> Response:
    _entrance(request)
    return _form(request, request.query_params.get("next", "/"))


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """A wrong key is told on the form itself."""
    entrance = _entrance(request)
    _require_own_page(request)
    if not request.headers.get("content-type", "").startswith(FORM):
        raise UnsupportedMediaType("a form is sent as one")
    fields = _fields(await read_bytes(request))
    key = fields.get("key", [""])[0].strip().encode("latin-1", "replace")[: KEY_MAX_BYTES + 1]
    following = fields.get("next", ["/"])[0]
    try:
        await entrance.keys.find(key, request.client.host if request.client else "")
    except Unauthorized:
        return _form(request, following, "This key opens nothing: it may be mistyped or revoked.")
    except RateLimited as error:
        return _form(request, following, f"{error.detail}: try again in a minute.")
    frame = _frame(request)
    answer = RedirectResponse(frame.root + _own_path(following), 303)
    entrance.sessions.begin(answer, key, path=frame.root or "/", secure=_is_secure(request))
    return answer


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """The layer ahead of the routes has checked that the page of this session asks."""
    frame = _frame(request)
    answer = Response(status_code=200, headers={"HX-Redirect": f"{frame.root}/sign-in"})
    end(answer, path=frame.root or "/")
    return answer


def _fields(body: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(body.decode("latin-1"), max_num_fields=FIELDS_MAX)
    except ValueError:
        raise RequestError(f"the form has at most {FIELDS_MAX} fields") from None


def _form(request: Request, following: str, trouble: str = "") -> Response:
    status = 401 if trouble else 200
    return _frame(request).render(
        request.scope,
        "sign_in.html",
        status=status,
        following=_own_path(following),
        trouble=trouble,
    )


def _own_path(wanted: str) -> str:
    """Where a page of ours was asked for: that; else the first page."""
    return wanted if PAGES.fullmatch(wanted.partition("?")[0]) and wanted.isascii() else "/"


def _require_own_page(request: Request) -> None:
    """Browsers say where a form was sent from; another site signs nobody in here."""
    site = request.headers.get("sec-fetch-site")
    own = site in ("same-origin", "none") if site else _is_from_here(request)
    if not own:
        raise Forbidden("this form was sent from another site")


def _is_from_here(request: Request) -> bool:
    """To a name without TLS that is not this machine's, browsers send the origin only."""
    origin = request.headers.get("origin")
    public = urlsplit(services(request).container.settings.public_url or "").netloc
    ours = {request.headers.get("host"), public} - {""}
    return origin is None or origin.partition("://")[2] in ours


def _is_secure(request: Request) -> bool:
    settings = services(request).container.settings
    return request.url.scheme == "https" or (settings.public_url or "").startswith("https:")


def _frame(request: Request) -> Frame:
    return Frame.of(services(request).container.settings)


def _entrance(request: Request) -> Entrance:
    found = services(request).entrance
    if found is None:
        raise NotFound("nobody has to sign in: keys are not asked for here")
    return found
