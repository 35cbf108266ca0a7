"""Asks Redis who has answered an input, or is about to. A proposal only: SQL decides."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import redis
from redis.exceptions import NoScriptError

from shared.domain import prediction
from shared.domain.ids import parse_job_id
from shared.domain.names import Keys
from shared.domain.prediction import Snapshot
from shared.domain.serving import Served, Serving
from shared.domain.states import State
from shared.settings import Settings

UNUSED_SECONDS = 86_400
"""A model's notes go when nobody asked for so long, beyond the time that its results count."""


@dataclass(frozen=True, slots=True)
class Question:
    """One job's input; with `reuse` False nobody's answer is taken, but its own may be."""

    job_id: str
    model: str
    input_hash: str
    reuse: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """The job that had this input before; `result` when it has succeeded."""

    job_id: str
    result: Snapshot | None


class ResultCache:
    """Thread-safe; `look_up` may raise redis.RedisError."""

    def __init__(self, client: redis.Redis, settings: Settings, served: Served) -> None:
        self._redis = client
        self._keys = Keys(settings.key_prefix)
        self._served = served
        script = files("shared.result_cache").joinpath("look_up.lua").read_text()
        self._look_up = client.register_script(script)

    def look_up(self, questions: Iterable[Question]) -> dict[str, Answer]:
        """By asking job; who is not among them is noted as the one who will answer.

        One round trip; of inputs that come twice only the first may be asked for. Who meets a note
        that nobody can read has no answer.
        """
        by_model: dict[str, list[Question]] = defaultdict(list)
        for question in questions:
            by_model[question.model].append(question)
        if not by_model:
            return {}
        try:
            replies = self._ask(by_model)
        except NoScriptError:  # the server has begun anew
            self._redis.script_load(self._look_up.script)
            replies = self._ask(by_model)
        order = [question for asked in by_model.values() for question in asked]
        return {
            question.job_id: answer
            for question, reply in zip(order, replies, strict=True)
            if reply and (answer := _answer(reply))
        }

    def _ask(self, by_model: Mapping[str, list[Question]]) -> list[list[bytes]]:
        # By its digest: a pipeline that is given a script first asks whether Redis knows it.
        pipeline = self._redis.pipeline(transaction=False)
        for model, asked in by_model.items():
            keys = [self._keys.results(model), self._keys.results_order(model)]
            arguments = self._arguments(self._served.get(model, Serving()), asked)
            pipeline.evalsha(self._look_up.sha, len(keys), *keys, *arguments)
        return [reply for replies in pipeline.execute() for reply in replies]

    def _arguments(self, serving: Serving, asked: list[Question]) -> list[Any]:
        seconds = int(serving.cache_seconds) + UNUSED_SECONDS
        arguments: list[Any] = [self._keys.snapshot(""), serving.cache_entries, seconds]
        for question in asked:
            arguments += [question.input_hash, question.job_id, int(question.reuse)]
        return arguments


def _answer(reply: list[bytes]) -> Answer | None:
    noted, *snapshot = reply
    try:
        job_id = parse_job_id(noted.decode())
        result = prediction.decode(snapshot[0]) if snapshot else None
    except ValueError:
        return None
    if job_id is None or (result and result.get("status") != State.SUCCEEDED):
        return None
    return Answer(job_id, result)
