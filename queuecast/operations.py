"""What both clients can do, as steps without I/O."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias
from urllib.parse import quote
from uuid import UUID

from queuecast.answers import read, read_json
from queuecast.bulk import BulkSubmit, Outcome
from queuecast.errors import PredictionFailed, QueuecastError, WaitTimeout
from queuecast.events import EventReader
from queuecast.exchange import Exchange
from queuecast.files import FileOperations
from queuecast.ids import new_id
from queuecast.paging import Query
from queuecast.results import Model, ModelPage, Prediction, PredictionPage
from queuecast.retries import retry_after_seconds
from queuecast.steps import Operation, Pause, Request

PREDICTIONS = "/api/v1/predictions"
MODELS = "/api/v1/models"

HOLD_SECONDS = 25.0  # proxies cut connections that are silent for 30 s
LONGEST_HOLD_SECONDS = 60.0  # the server's own bound
PROGRESS_SECONDS = 0.5

Id: TypeAlias = str | UUID | Prediction
Priority: TypeAlias = Literal["high", "normal", "low"]
OnProgress: TypeAlias = Callable[[Prediction], object]


@dataclass(frozen=True, slots=True)
class Submission:
    """One prediction as it is asked for; its id is fixed before the first try."""

    model: str
    input: Any
    id: str | UUID | None = None
    priority: Priority | None = None
    deadline_seconds: float | None = None
    metadata: Mapping[str, Any] | None = None
    webhook: str | None = None
    webhook_events: Sequence[str] | None = None

    def request(self) -> Request:
        """A PUT under one id: sent again, it is known as the same job."""
        path = _address(PREDICTIONS, new_id() if self.id is None else str(UUID(str(self.id))))
        return Request("PUT", path)

    def options(self) -> dict[str, Any]:
        """All fields of the body but the input."""
        wanted = {
            "version" if re.fullmatch("[0-9a-f]{64}", self.model) else "model": self.model,
            "priority": self.priority,
            "deadline_seconds": self.deadline_seconds,
            "metadata": self.metadata,
            "webhook": self.webhook,
            "webhook_events_filter": None
            if self.webhook_events is None
            else [*self.webhook_events],
        }
        return {name: value for name, value in wanted.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Operations:
    exchange: Exchange

    def submit(self, submission: Submission, deadline: float = math.inf) -> Operation[Prediction]:
        request = submission.request()
        whole = submission.options() | {"input": submission.input}
        body = yield from FileOperations(self.exchange).encoded(whole, deadline)
        response = yield from self.exchange.send(replace(request, body=body), deadline)
        return (yield from self._whole(read(response, Prediction), deadline))

    def submit_many(self, common: Submission, inputs: Iterable[Any]) -> Operation[list[Outcome]]:
        """`common` is the submission of every input but for the input itself."""
        return BulkSubmit(self.exchange, common.options()).run(inputs)

    def submit_or_refuse(
        self, common: Submission, inputs: Sequence[Any]
    ) -> Operation[list[Outcome]]:
        """The same, with what concerns all as the error of each."""
        try:
            return (yield from self.submit_many(common, inputs))
        except QueuecastError as error:
            return [error] * len(inputs)

    def output_or_error(self, submitted: Outcome) -> Operation[Any]:
        """The output of what was submitted once it is there, or the error why there is none."""
        if isinstance(submitted, QueuecastError):
            return submitted
        try:
            prediction = yield from self._until_done(submitted, math.inf)
        except QueuecastError as error:
            return error
        return prediction.output if prediction.succeeded else PredictionFailed(prediction)

    def predict(
        self, submission: Submission, timeout_seconds: float | None
    ) -> Operation[Prediction]:
        """Submit and wait within one time; raises PredictionFailed unless it succeeded."""
        deadline = self.exchange.deadline(timeout_seconds)
        prediction = yield from self.submit(submission, deadline)
        prediction = yield from self._until_done(prediction, deadline)
        if not prediction.succeeded:
            raise PredictionFailed(prediction)
        return prediction

    def get(self, id: Id, wait_seconds: float | None = None) -> Operation[Prediction]:
        request = _look(id, min(wait_seconds or 0.0, LONGEST_HOLD_SECONDS))
        return (yield from self._whole(read((yield from self.exchange.send(request)), Prediction)))

    def cancel(self, id: Id) -> Operation[Prediction]:
        request = Request("POST", f"{_path(id)}/cancel")
        return (yield from self._whole(read((yield from self.exchange.send(request)), Prediction)))

    def events(self, id: Id, *, every: bool) -> EventReader:
        return EventReader(self.exchange, _path(id), every=every)

    def output(self, id: Id, deadline: float = math.inf) -> Operation[Any]:
        """The output alone, whatever its size.

        From the server we know: `urls` may name a host that is unreachable from here.
        """
        request = Request("GET", f"{_path(id)}/output")
        return read_json((yield from self.exchange.send(request, deadline)))

    def wait(
        self, id: Id, timeout_seconds: float | None, on_progress: OnProgress | None
    ) -> Operation[Prediction]:
        return self._until_done(id, self.exchange.deadline(timeout_seconds), on_progress)

    def model(self, name: str) -> Operation[Model]:
        request = Request("GET", _address(MODELS, name))
        return read((yield from self.exchange.send(request)), Model)

    def models(self) -> Operation[list[Model]]:
        found: list[Model] = []
        query = Query.of(MODELS)
        while query is not None:
            page = read((yield from self.exchange.send(query.request())), ModelPage)
            found += page.results
            query = query.following(page.next, len(page.results))
        return found

    def predictions(self, query: Query) -> Operation[tuple[list[Prediction], Query | None]]:
        """One page, and the query for the following one."""
        page = read((yield from self.exchange.send(query.request())), PredictionPage)
        wanted = page.results[: query.remaining]
        return wanted, query.following(page.next, len(wanted))

    def _until_done(
        self, id: Id, deadline: float, on_progress: OnProgress | None = None
    ) -> Operation[Prediction]:
        if isinstance(id, Prediction) and id.done:
            return (yield from self._whole(id, deadline))
        seen: tuple[str, str | None] | None = None
        hold = 0.0 if on_progress else HOLD_SECONDS
        while True:
            prediction = yield from self._pending(id, hold, deadline)
            if on_progress and seen != (prediction.status, prediction.stage):
                seen = prediction.status, prediction.stage
                on_progress(prediction)
            if prediction.done:
                return (yield from self._whole(prediction, deadline))
            if self.exchange.clock() >= deadline:
                raise WaitTimeout(prediction)
            hold = PROGRESS_SECONDS if on_progress else HOLD_SECONDS

    def _whole(self, prediction: Prediction, deadline: float = math.inf) -> Operation[Prediction]:
        """The prediction with its output, which is fetched when it was too large to come along."""
        if prediction.output is not None or not prediction.urls.get("output"):
            return prediction
        output = yield from self.output(prediction, deadline)
        return prediction.model_copy(update={"output": output})

    def _pending(self, id: Id, hold_seconds: float, deadline: float) -> Operation[Prediction]:
        """One look that takes `hold_seconds` at most, and no less while the prediction is not done.

        A server that does not hold requests open would otherwise be asked without end.
        """
        began = self.exchange.clock()
        hold = max(0.0, min(hold_seconds, deadline - began))
        response = yield from self.exchange.send(_look(id, hold), deadline)
        prediction = read(response, Prediction)
        left = hold - (self.exchange.clock() - began)
        if not prediction.done and left > hold / 2:
            told = retry_after_seconds(response) or 0.0
            yield Pause(min(left, max(PROGRESS_SECONDS, told)))
        return prediction


def _address(collection: str, id: str) -> str:
    return f"{collection}/{quote(id, safe='')}"


def _path(id: Id) -> str:
    return _address(PREDICTIONS, id.id if isinstance(id, Prediction) else str(id))


def _look(id: Id, hold_seconds: float) -> Request:
    params = {"wait": f"{hold_seconds:g}"} if hold_seconds > 0 else {}
    return Request("GET", _path(id), params, hold_seconds=hold_seconds)
