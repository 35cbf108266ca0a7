import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import redis

from shared.backlog import connections
from shared.backlog.backlogs import Backlogs, Move, following
from shared.backlog.queue_lengths import QueueLengths
from shared.backlog.rooms import Count
from shared.domain.names import RECORD, Backlog, Stage
from shared.settings import Settings

WINE = Backlog(Stage.PREPROCESS, "wine", "1")


@pytest.fixture
def lengths(settings: Settings, valkey: redis.Redis) -> Callable[[str], Count]:
    async def count(model: str) -> Count:
        client = connections.connect_async(settings, timeout_seconds=1)
        found = await QueueLengths(client, settings)(model, 9)
        await client.aclose()
        return found

    return lambda model: asyncio.run(count(model))


def test_nothing_waits_where_nothing_ever_did(lengths: Any) -> None:
    assert lengths("wine").inside == 0


def test_jobs_count_until_their_outcome_is_known(
    lengths: Any, backlogs: Backlogs, enqueue: Any
) -> None:
    for _ in range(3):
        enqueue()
    assert lengths("wine") == Count(3)
    assert lengths("digits").inside == 0
    one, two = backlogs.take(WINE, "preprocess:1", 2).taken
    assert lengths("wine") == Count(3, 3)
    backlogs.move([Move(one.entry, following(WINE), one), Move(two.entry, following(WINE), two)])
    assert lengths("wine") == Count(3, 3)
    predicted = backlogs.take(following(WINE), "predict:1", 1).taken[0]
    backlogs.move([Move(predicted.entry, RECORD, predicted)])
    assert lengths("wine") == Count(2, 3)
    enqueue()
    assert lengths("wine") == Count(3, 4)
