"""Asks a system from outside: `caller.py URL health`, or `caller.py URL predict NUMBER`."""

import json
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
        return httpx2.get(f"{url}/health/system", timeout=2).json()
    except httpx2.HTTPError:
        return {}


if __name__ == "__main__":
    url, what, *rest = sys.argv[1:]
    sys.stdout.write(json.dumps(health(url) if what == "health" else predict(url, int(*rest))))
