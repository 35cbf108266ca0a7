"""Many submits in few requests, as steps without I/O."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import httpx2

from queuecast.answers import read, refusal
from queuecast.encoding import encode
from queuecast.errors import ApiError, InvalidRequest, QueuecastError, UnexpectedAnswer
from queuecast.exchange import Exchange
from queuecast.ids import new_id
from queuecast.portions import Encoded, portions
from queuecast.results import BulkAnswer, Prediction
from queuecast.retries import BUSY
from queuecast.steps import Operation, Pause, Request

PATH = "/api/v1/predictions/bulk"
SECONDS_PER_INPUT = 0.02  # of patience, besides that for any request
TOO_LARGE = 413

Outcome: TypeAlias = Prediction | QueuecastError


class BulkSubmit:
    """Submits many inputs of one model; used once."""

    def __init__(self, exchange: Exchange, options: Mapping[str, Any]) -> None:
        """`options` are the fields of the body besides `inputs`."""
        self._exchange = exchange
        self._head = encode(options)[:-1] + b', "inputs": ['
        self._outcomes: list[Outcome] = []
        self._failure: QueuecastError | None = None

    def run(self, inputs: Iterable[Any]) -> Operation[list[Outcome]]:
        """One outcome for each input, in their order.

        What ends the sending is raised as long as nothing has been accepted; later it is the
        outcome of all that have no other, so that no accepted prediction is forgotten.
        """
        for portion in portions(inputs):
            yield from self._settle(portion)
        return self._outcomes

    def _settle(self, portion: Sequence[Encoded]) -> Operation[None]:
        """Halves a portion that is too large for the server, or for a proxy before it."""
        sent = [one for one in portion if isinstance(one, bytes)]
        try:
            answers = yield from self._send(sent)
        except InvalidRequest as error:
            if error.status == TOO_LARGE and len(sent) > 1:
                middle = len(portion) // 2
                yield from self._settle(portion[:middle])
                yield from self._settle(portion[middle:])
                return
            answers = [error] if error.status == TOO_LARGE else self._give_up(error, sent)
        except QueuecastError as error:
            answers = self._give_up(error, sent)
        following = iter(answers)
        self._outcomes += [next(following) if isinstance(one, bytes) else one for one in portion]

    def _give_up(self, error: QueuecastError, sent: Sequence[bytes]) -> list[Outcome]:
        if not any(isinstance(one, Prediction) for one in self._outcomes):
            raise error
        self._failure = error
        return [error] * len(sent)

    def _send(self, inputs: Sequence[bytes]) -> Operation[list[Outcome]]:
        """Sent again under the same key, a request gives the same jobs, and perhaps more."""
        if self._failure is not None:
            return [self._failure] * len(inputs)
        if not inputs:
            return []
        request = Request(
            "POST",
            PATH,
            body=self._head + b", ".join(inputs) + b"]}",
            headers={"idempotency-key": new_id()},
            hold_seconds=len(inputs) * SECONDS_PER_INPUT,
        )
        attempt = 0
        while True:
            attempt += 1
            outcomes = _read((yield from self._exchange.send(request)), len(inputs))
            pause = self._exchange.retries.backoff_seconds(attempt)
            if pause is None or not any(map(_is_busy, outcomes)):
                return outcomes
            yield Pause(pause)


def _is_busy(outcome: Outcome) -> bool:
    return isinstance(outcome, ApiError) and outcome.status in BUSY


def _read(response: httpx2.Response, inputs: int) -> list[Outcome]:
    results = read(response, BulkAnswer).results
    if len(results) != inputs:
        raise UnexpectedAnswer(f"{len(results)} results for {inputs} inputs")
    return [
        one.prediction or refusal(_as_if_alone(one.problem or {}, place), response)
        for place, one in enumerate(results)
    ]


def _as_if_alone(problem: Mapping[str, Any], place: int) -> dict[str, Any]:
    """Its place in the request says nothing to those who see its place among all inputs."""
    here = f"/inputs/{place}"
    fields = [
        {**field, "pointer": str(field.get("pointer")).replace(here, "/input", 1)}
        for field in problem.get("errors") or ()
    ]
    detail = str(problem.get("detail", "")).replace(f"{here}/", "/input/", 1)
    return {**problem, "detail": detail, "errors": fields}
