"""What is asked of a system: a seeded sequence of jobs of many kinds."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any
from uuid import UUID

import orjson

LARGE_BYTES = 70_000
"""More than fits into SQL and Redis: it goes by the blob store."""


class Way(StrEnum):
    """How a submit is sent: once; or, under a key or an id, until it is answered."""

    ONCE = "POST"
    KEYED = "POST with a key"
    NAMED = "PUT"


@dataclass(frozen=True, slots=True)
class Order:
    """One submit. `number` stands in its input (`x`), so that every trace of it can be told.

    Orders of one `number` have equal inputs. `name` is the key or the id under which it is sent.
    """

    place: int
    number: int
    model: str
    input: bytes
    way: Way = Way.ONCE
    name: str = ""
    deadline_seconds: float | None = None
    cancel_after: float | None = None
    webhook: bool = False

    @property
    def expected(self) -> tuple[float, int]:
        """What the model makes of it: y, and the length of its padding."""
        return 3.0 * self.number + 1, int(orjson.loads(self.input).get("padding", 0))


def orders(count: int, seed: int) -> Iterator[Order]:
    """The same for the same seed. A tenth has the input of an earlier one, often of the last."""
    random = Random(f"orders {seed}")
    earlier: deque[Order] = deque(maxlen=50)
    for place in range(count):
        if earlier and random.random() < 0.1:
            known = earlier[-1] if random.random() < 0.5 else random.choice(earlier)
            yield Order(place, known.number, known.model, known.input)
            continue
        order = _order(place, random)
        yield order
        if order.cancel_after is None and order.deadline_seconds is None:
            earlier.append(order)


def _order(place: int, random: Random) -> Order:
    model = random.choices(("quick", "slow", "large"), (64, 30, 6))[0]
    seconds = round(random.uniform(0.02, 0.15), 3) if model == "slow" else 0.0
    asked: dict[str, Any] = {"x": float(place), "seconds": seconds}
    if model == "large":
        asked |= {"padding": LARGE_BYTES, "blob": "x" * LARGE_BYTES}
    way = random.choices(tuple(Way), (50, 30, 20))[0]
    fate = random.random()
    return Order(
        place,
        place,
        model,
        orjson.dumps(asked),
        way,
        str(UUID(int=random.getrandbits(128), version=4)) if way is not Way.ONCE else "",
        deadline_seconds=round(random.uniform(0.05, 5), 2) if fate < 0.03 else None,
        cancel_after=round(random.uniform(0, 0.1), 3) if fate > 0.96 else None,
        webhook=random.random() < 0.15,
    )
