import json
import re

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from api.request_tally import TEMPLATE, RequestTally

JOB = "/api/v1/predictions/01a1fc6b-6f86-7400-9bc1-876e3756d34c"


def count(route: str, method: str, status: str) -> float:
    labels = {"route": route, "method": method, "status": status}
    return REGISTRY.get_sample_value("queuecast_http_requests_total", labels) or 0.0


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", JOB, "/api/v1/predictions/{id}", "404"),
        ("POST", "/api/v1/predictions", "/api/v1/predictions", "415"),
        ("GET", "/api/v1/models/wine", "/api/v1/models/{name}", "200"),
        ("PUT", "/api/v1/models", "/api/v1/models", "405"),
        ("GET", "/nowhere/at/all", "unmatched", "404"),
        ("GET", "/" + 9000 * "x", "unmatched", "414"),
    ],
)
def test_requests_are_counted_by_their_route(client, method, path, route, status) -> None:
    client.get("/metrics")
    before = count(route, method, status)
    client.request(method, path)
    client.get("/metrics")
    assert count(route, method, status) == before + 1


def test_labels_are_bounded_whatever_a_client_invents(client) -> None:
    client.request("BREW", f"{JOB}?x=1")
    text = client.get("/metrics").text
    assert 'method="other"' in text
    assert "BREW" not in text
    assert not re.search("[0-9a-f]{8}-[0-9a-f]{4}", text)


def scope(**more: str) -> dict[str, object]:
    return {"method": "GET", "path": "/a\r\nb", "query_string": b"key=hush", TEMPLATE: "/a", **more}


@pytest.mark.parametrize(
    ("logged", "status", "lines"),
    [("none", 500, 0), ("errors", 404, 0), ("errors", 503, 1), ("all", 200, 1)],
)
def test_requests_are_logged_as_asked_for(logged, status, lines) -> None:
    with capture_logs() as found:
        RequestTally(logged).note(scope(), status, 0.5)
    assert len(found) == lines


def test_a_line_says_nothing_that_a_query_may_hide() -> None:
    with capture_logs() as found:
        RequestTally("all").note(scope(), 200, 0.1234567891)
    assert found == [
        {"event": "request", "log_level": "info", "method": "GET", "path": "/a\r\nb",
         "route": "/a", "status": 200, "seconds": 0.123457}
    ]  # fmt: skip
    assert "hush" not in json.dumps(found)
