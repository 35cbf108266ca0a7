"""Hosts, origins and proxies: each by its setting, nothing without."""

import asyncio
from typing import Any

import pytest

from api.__main__ import configuration
from api.allowed_hosts import host_name
from shared.settings import Settings

ORIGIN = {"Origin": "https://app.example.org"}
PREFLIGHT = ORIGIN | {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type",
}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("api.example.org", 200),
        ("API.example.org:8443", 200),
        ("a.example.net", 200),
        ("[::1]:8000", 200),
        ("example.net", 400),
        ("evil", 400),
        ("api.example.org.evil", 400),
        ("evil?api.example.org", 400),
        ("", 400),
    ],
)
def test_only_hosts_that_are_ours_are_served(with_settings: Any, host: str, status: int) -> None:
    _, client = with_settings(allowed_hosts="api.example.org, *.example.net,[::1]")
    answer = client.get("/api/v1/models", headers={"Host": host})
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["type"] == "/problems/bad-host"
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/health/live", headers={"Host": host}).status_code == 200


def test_any_host_is_served_without_the_setting(client: Any) -> None:
    assert client.get("/api/v1/models", headers={"Host": "evil"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "name"),
    [("a:1", "a"), ("A", "a"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("", "")],
)
def test_a_host_is_named_without_its_port(host: str, name: str) -> None:
    assert host_name(host) == name


def test_no_page_of_another_origin_reads_answers(client: Any) -> None:
    assert "access-control-allow-origin" not in client.get("/", headers=ORIGIN).headers
    assert client.options("/api/v1/predictions", headers=PREFLIGHT).status_code == 405


def test_a_page_of_an_origin_that_is_named_may_call(with_settings: Any) -> None:
    _, client = with_settings(cors_origins="https://app.example.org", keys_required=True)
    asked = client.options("/api/v1/predictions", headers=PREFLIGHT)
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == "https://app.example.org"
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    refused = client.get("/api/v1/models", headers=ORIGIN)
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "https://app.example.org"
    assert "Retry-After" in refused.headers["access-control-expose-headers"]


def test_a_page_of_another_origin_may_not(with_settings: Any) -> None:
    _, client = with_settings(cors_origins="https://app.example.org")
    evil = {"Origin": "https://evil.example"}
    assert client.options("/api/v1/predictions", headers=PREFLIGHT | evil).status_code == 400
    assert "access-control-allow-origin" not in client.get("/", headers=evil).headers


@pytest.mark.parametrize(
    ("trusted", "client", "scheme"),
    [
        ("", "10.0.0.9", "http"),
        ("192.0.2.1", "10.0.0.9", "http"),
        ("10.0.0.0/24, 192.0.2.1", "203.0.113.7", "https"),
    ],
)
def test_a_proxy_is_believed_when_it_is_trusted(
    settings: Settings, trusted: str, client: str, scheme: str
) -> None:
    seen: list[Any] = []

    async def app(scope: Any, *_: Any) -> None:
        seen.append((scope["client"][0], scope["scheme"]))

    loaded = configuration(app, settings.model_copy(update={"trusted_proxies": trusted}))
    loaded.load()
    headers = [(b"x-forwarded-for", b"203.0.113.7"), (b"x-forwarded-proto", b"https")]
    scope = {"type": "http", "client": ("10.0.0.9", 1), "scheme": "http", "headers": headers}
    asyncio.run(loaded.loaded_app(scope, None, None))
    assert seen == [(client, scheme)]


def test_forwarded_headers_are_anybodys_word(client: Any, submission: Any) -> None:
    forged = {"X-Forwarded-Host": "evil", "X-Forwarded-Proto": "gopher", "Forwarded": "host=evil"}
    answer = client.post("/api/v1/predictions", json=submission, headers=forged)
    assert answer.headers["location"].startswith("http://testserver/api/v1/predictions/")
