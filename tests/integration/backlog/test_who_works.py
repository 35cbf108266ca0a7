from typing import Any

from shared.backlog.consumers import Consumer
from shared.backlog.who_works import Run, workers
from shared.domain.names import Backlog, Stage

WINE = Backlog(Stage.PREPROCESS, "wine", "1")


def test_nobody_works_where_nobody_was(valkey: Any, settings: Any) -> None:
    assert workers(valkey, settings.key_prefix) == []


def test_a_worker_is_seen_with_what_it_runs(
    valkey: Any, settings: Any, enqueue: Any, backlogs: Any
) -> None:
    consumer = Consumer(valkey, "preprocess", settings)
    consumer.beat()
    assert [one.running for one in workers(valkey, settings.key_prefix)] == [()]
    for _ in range(3):
        enqueue()
    taken = backlogs.take(WINE, consumer.name, 9).taken
    [worker] = workers(valkey, settings.key_prefix)
    assert (worker.kind, worker.running) == ("preprocess", (Run("wine", "1", 3),))
    backlogs.finish([one.entry.job | {"terminal": True} for one in taken], taken)
    consumer.note_running([])
    assert [one.running for one in workers(valkey, settings.key_prefix)] == [()]
