"""Asking the API how the whole system is."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

PATIENCE_SECONDS = 0.3
"""The socket listens before the API answers: a question that came too early is asked again."""


def system_health(api_url: str, watch_token: str) -> dict[str, Any]:
    """The answer of /health/system; empty while there is none. The token opens it without a key."""
    parts = urlsplit(api_url)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port, timeout=PATIENCE_SECONDS
    )
    try:
        headers = {"Authorization": f"Bearer {watch_token}"}
        connection.request("GET", "/health/system", headers=headers)
        answer = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    finally:
        connection.close()
    return answer if isinstance(answer, dict) else {}


def missing(health: dict[str, Any]) -> str:
    """The components that are not well, for a person."""
    components = health.get("components", {})
    names = [name for name, about in components.items() if about.get("status") != "ok"]
    return ", ".join(names) or ("unknown" if health else "the API")


def refused_models(health: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and reason of each model folder that is not served."""
    refused = health.get("models", {}).get("refused", [])
    return [(one["name"], one["reason"]) for one in refused]
