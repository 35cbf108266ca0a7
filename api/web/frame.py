"""What every page has around it, and the headers under which a browser shows it."""

from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse
from starlette.types import Scope

from api.web.sessions import session, token_of
from api.web.templates import templates
from shared.settings import Settings

HEADERS = {
    # No script, style, frame or form that is not ours, however a page came to contain one.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Accept, Cookie",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """`root` stands before every path: that of `public_url`, which a proxy takes away."""

    root: str
    keys_required: bool
    flower: str | None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        path = urlsplit(settings.public_url or "").path.rstrip("/")
        return cls(path, settings.keys_required, settings.flower_url)

    def render(
        self, scope: Scope, template: str, *, status: int = 200, **context: Any
    ) -> HTMLResponse:
        sealed = session(scope) if self.keys_required else ""
        frame = {
            "root": self.root,
            "flower": self.flower,
            "path": scope["path"],
            "token": token_of(sealed),
            "signed_in": bool(sealed),
        }
        text = templates().get_template(template).render(**frame, **context)
        return HTMLResponse(text, status, HEADERS)
