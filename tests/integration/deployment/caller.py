"""Asks a system from outside: `caller.py URL health`, `predict NUMBER` or `metrics HOST`."""

import json
import os
import sys
from collections import Counter

import httpx2

from queuecast import Client


def predict(url: str, number: int) -> Counter[str]:
    """How many ended in which state; no two inputs are equal."""
    with Client(url, timeout_seconds=60) as client:
        example = client.model("wine").example
        jobs = [client.submit("wine", example | {"proline": 500.0 + one}) for one in range(number)]
        return Counter(client.wait(job, timeout_seconds=60).status for job in jobs)


def health(url: str) -> object:
    try:
        key = {"Authorization": f"Bearer {os.environ['QUEUECAST_API_KEY']}"}
        return httpx2.get(f"{url}/health/system", headers=key, timeout=2).json()
    except httpx2.HTTPError:
        return {}


def metrics(host: str) -> bool:
    return "queuecast_" in httpx2.get(f"http://{host}:9100/metrics", timeout=5).text


if __name__ == "__main__":
    url, what, *rest = sys.argv[1:]
    found = {
        "health": lambda: health(url),
        "metrics": lambda: metrics(*rest),
        "predict": lambda: predict(url, int(*rest)),
    }[what]()
    sys.stdout.write(json.dumps(found))
