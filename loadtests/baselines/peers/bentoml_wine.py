"""The wine model as BentoML tasks, one at a time and with its adaptive batching.

    bentoml serve loadtests.baselines.peers.bentoml_wine:WineService

It keeps results in a SQLite file by itself. One worker process is its default; with one per core
some tasks never ended here. Batches are faster under load and slower when idle, so each
measurement takes the better of the two.
"""

from typing import Any

import bentoml

from loadtests.baselines.peers.wine import Wine


@bentoml.service
class WineService:
    def __init__(self) -> None:
        self._wine = Wine()

    @bentoml.task
    def predict(self, inputs: list[dict[str, float]]) -> list[dict[str, Any]]:
        return self._wine.predict(inputs)

    @bentoml.task(batchable=True)
    def predict_many(self, inputs: list[dict[str, float]]) -> list[dict[str, Any]]:
        return self._wine.predict(inputs)
