"""Every route of the application stands in the table of scopes, and asks for a key."""

import re
from typing import Any

import pytest

from api.scopes import needed_scope
from shared.access.principal import Scope

OPEN = r"/health/(live|ready)|/v2/health/(live|ready)|/problems(/\{type\})?|/sign-in"
FOR_ADMINS = (
    r"/metrics|/health/system|/api/v1/webhooks(/.*)?|/api/v1/dead-letters(/.*)?|/v2/repository/.*"
)


def routes(client: Any) -> list[tuple[str, str]]:
    """Method and path of everything that is served."""
    return [(method, route.path) for route in client.app.routes for method in route.methods]


PAGES_FOR_ADMINS = r"/webhooks|/dead-letters"


def filled(path: str) -> str:
    return re.sub(r"\{\w+(:\w+)?\}", "x", path)


def test_every_route_but_health_asks_for_a_key(keyed: Any) -> None:
    asked = {}
    for method, path in routes(keyed.client):
        status = keyed.client.request(method, filled(path)).status_code
        asked[path] = status == 401
    assert len(asked) > 15
    wrong = [path for path, did in asked.items() if did is bool(re.fullmatch(OPEN, path))]
    assert wrong == []


def test_every_route_says_what_it_asks_for(keyed: Any) -> None:
    """A route that asks for `admin` is either listed above, or was forgotten in api/scopes.py."""
    forgotten = [
        f"{method} {path}"
        for method, path in routes(keyed.client)
        if needed_scope(method, filled(path)) is Scope.ADMIN
        and not re.fullmatch(f"{FOR_ADMINS}|{PAGES_FOR_ADMINS}", path)
    ]
    assert forgotten == []


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/api/v1/predictions", Scope.PREDICT),
        ("PUT", "/api/v1/predictions/x", Scope.PREDICT),
        ("POST", "/api/v1/predictions/x/cancel", Scope.PREDICT),
        ("POST", "/api/v1/models/queuecast/wine/predictions", Scope.PREDICT),
        ("POST", "/v2/models/wine/versions/1/infer", Scope.PREDICT),
        ("POST", "/v1/models/wine:predict", Scope.PREDICT),
        ("GET", "/api/v1/predictions/x/output", Scope.READ),
        ("GET", "/v1/models/wine", Scope.READ),
        ("GET", "/", Scope.READ),
        ("GET", "/docs", Scope.READ),
        ("GET", "/metrics", Scope.ADMIN),
        ("GET", "/api/v1/webhooks/default/secret", Scope.ADMIN),
        ("DELETE", "/api/v1/predictions/x", Scope.ADMIN),
        ("POST", "/api/v1/predictions/", Scope.ADMIN),
        ("GET", "/API/V1/models", Scope.ADMIN),
        ("GET", "/api/v1/models\n", Scope.ADMIN),
        ("GET", "/health", Scope.ADMIN),
        ("GET", "//health/live", Scope.ADMIN),
        ("GET", "/v2/health/live", None),
    ],
)
def test_the_table_says(method: str, path: str, scope: Scope | None) -> None:
    assert needed_scope(method, path) is scope
