"""How both clients reach the server: address, headers, time-outs."""

import os
from ipaddress import ip_address
from typing import Any

import httpx2

from queuecast.steps import Request
from queuecast.version import __version__

DEFAULT_URL = "http://127.0.0.1:8000"


def settings(base_url: str, api_key: str | None) -> dict[str, Any]:
    """Keyword arguments of an `httpx2` client; raises ValueError for an address that is none.

    Without an `api_key` that of QUEUECAST_API_KEY is sent.
    """
    try:
        url = httpx2.URL(base_url)
    except httpx2.InvalidURL as error:
        raise ValueError(f"{base_url!r} is no URL: {error}") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError(f"{base_url!r} is no http:// or https:// URL")
    headers = {"user-agent": f"queuecast-python/{__version__}", "accept": "application/json"}
    key = (os.environ.get("QUEUECAST_API_KEY", "") if api_key is None else api_key).strip()
    if not (key.isascii() and key.isprintable()):  # the library's own error would repeat it
        raise ValueError("the API key has characters that no key has")
    if key:
        headers["authorization"] = f"Bearer {key}"
    # A proxy of the environment cannot reach what runs on this machine.
    return {"base_url": url, "headers": headers, "trust_env": not _is_loopback(url.host)}


def arguments(request: Request, timeout_seconds: float) -> dict[str, Any]:
    """Keyword arguments of `httpx2.Client.request`; only the answer may be waited for longer."""
    patience = request.timeout_seconds
    short = min(timeout_seconds, patience)
    body_type = {"content-type": "application/json"} if request.body is not None else {}
    return {
        "method": request.method,
        "url": request.path,
        "params": request.params,
        "content": request.body,
        "headers": {**body_type, **request.headers},
        "timeout": httpx2.Timeout(connect=short, write=short, read=patience, pool=patience),
    }


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
