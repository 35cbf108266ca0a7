import asyncio
from typing import Any

import pytest
from starlette.routing import Match

from api import hot_routes
from api.hot_routes import HotRoutes

ID = "0199aaaa-0000-7000-8000-000000000001"
HOT = [("POST", "/api/v1/predictions"), ("GET", f"/api/v1/predictions/{ID}")]


def scope_of(method: str, path: str) -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "headers": []}


@pytest.mark.parametrize(("method", "path"), HOT)
def test_a_hot_route_is_the_one_that_the_framework_knows(client, method, path) -> None:
    scope = scope_of(method, path)
    routes = [r for r in client.app.routes if r.matches(scope)[0] is Match.FULL]
    assert hot_routes._endpoint(scope) is routes[0].endpoint
    assert scope.get("path_params", {}) == routes[0].matches(scope)[1]["path_params"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/predictions"),
        ("POST", "/api/v1/predictions/"),
        ("PUT", f"/api/v1/predictions/{ID}"),
        ("GET", f"/api/v1/predictions/{ID}/input"),
        ("HEAD", f"/api/v1/predictions/{ID}"),
        ("GET", "/health/live"),
    ],
)
def test_everything_else_is_passed_on(method: str, path: str) -> None:
    served = []

    async def framework(scope: Any, *_: Any) -> None:
        served.append(scope["path"])

    asyncio.run(HotRoutes(framework)(scope_of(method, path), None, None))
    assert served == [path]
