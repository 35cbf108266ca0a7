"""What stands ahead of all routes, from the inside out."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from api.access import Access
from api.allowed_hosts import AllowedHosts, AllowedNames
from api.dependencies import Services
from api.own_pages import OwnPages
from api.request_limits import RequestLimits
from api.usage_limits import UsageLimits
from api.web.layer import Web
from shared.access.principal import Limits, Principal, Scope
from shared.telemetry import tracing

SENT = (
    "Authorization", "Cache-Control", "Content-Encoding", "Content-Type", "Idempotency-Key",
    "If-None-Match", "Inference-Header-Content-Length", "Last-Event-ID", "Prefer", "X-Request-ID",
    "traceparent",
)  # fmt: skip
READ = (
    "ETag", "Inference-Header-Content-Length", "Location", "RateLimit", "RateLimit-Policy",
    "Retry-After", "X-Request-ID",
)  # fmt: skip


def layered(app: ASGIApp, here: Services, larger: Mapping[str, int]) -> ASGIApp:
    """`larger` has the paths whose bodies may be larger. What is not asked for costs nothing."""
    container, settings = here.container, here.container.settings
    if here.entrance is not None:
        app = UsageLimits(app, container.usage, container.admission, None)
        app = Access(app, here.entrance, settings.watch_token)
    elif policies := Limits.default(settings).policies:
        everybody = Principal(settings.tenant, frozenset(Scope), policies)
        app = UsageLimits(app, container.usage, container.admission, everybody)
    hosts, origins = words(settings.allowed_hosts.lower()), words(settings.cors_origins)
    public = urlsplit(settings.public_url or "")
    if here.entrance is None:  # a key is nothing that a browser sends by itself
        app = OwnPages(app, origins, AllowedNames([*hosts, public.hostname or ""]))
    if hosts:
        app = AllowedHosts(app, AllowedNames(hosts))
    app = RequestLimits(app, settings.body_max_bytes, larger, here.tally, public.path.rstrip("/"))
    app = Web(app, settings)
    if origins:
        # Outermost: a page must be able to read its errors, and preflights carry no key.
        app = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=("GET", "POST", "PUT", "DELETE"),
            allow_headers=SENT,
            expose_headers=READ,
        )
    if spans := tracing.active():
        from api.traced import Traced

        app = Traced(app, spans)
    return app


def words(text: str) -> list[str]:
    """Of a setting with commas between them."""
    return [word.strip() for word in text.split(",") if word.strip()]
