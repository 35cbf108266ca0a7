from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from loadtests.chaos.load import Post, Sent
from loadtests.chaos.orders import Order
from loadtests.chaos.victims.victim import Row

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def an_order(number: int, **changes: Any) -> Order:
    values = {"place": number, "number": number, "model": "quick", "input": b'{"x":0}'}
    return Order(**(values | changes))


@pytest.fixture
def sent():
    """Makes what was sent: an order that was acknowledged as job `<number>`, or was not."""

    def make(number: int, *, acknowledged: bool = True, **changes: Any) -> Sent:
        found = Sent(
            an_order(number, **changes), [Post(NOON.timestamp(), 0.1, 202 if acknowledged else 0)]
        )
        found.acknowledged_at = NOON.timestamp()
        found.job_id = str(number) if acknowledged else None
        return found

    return make


@pytest.fixture
def row():
    """Makes the row of job `<number>`, which succeeded unless told otherwise."""

    def make(number: int, **changes: Any) -> Row:
        values: dict[str, Any] = {
            "id": str(number),
            "number": number,
            "status": "succeeded",
            "output": orjson.dumps({"y": 3.0 * number + 1, "padding": ""}),
            "error_code": None,
            "cache": "miss",
            "attempt": 1,
            "created_at": NOON,
            "completed_at": NOON,
            "ends": 1,
        }
        return Row(**(values | changes))

    return make
