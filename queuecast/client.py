"""The synchronous client."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar, cast
from uuid import UUID

import httpx2

from queuecast.bulk import Outcome
from queuecast.connection import DEFAULT_URL, arguments, settings
from queuecast.exchange import Exchange
from queuecast.files import FILES, FileOperations, Source
from queuecast.operations import PREDICTIONS, Id, OnProgress, Operations, Priority, Submission
from queuecast.paging import Query
from queuecast.results import File, Model, Prediction
from queuecast.retries import Retries
from queuecast.steps import Operation, Pause, Reply, Request

T = TypeVar("T")


class Client:
    """A connection to one Queuecast server; threads may share it.

    Requests that meet a lost connection, a time-out or a busy server are sent again as `retries`
    says; a submit is sent again under the same id, so nothing is ever submitted twice. Every
    method raises ApiError for what the server refuses and ConnectionFailed when it cannot be
    reached. `transport`, `sleep` and `clock` stand in for network and time in tests.
    """

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        api_key: str | None = None,
        timeout_seconds: float = 10.0,
        *,
        retries: Retries | None = None,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = httpx2.Client(**settings(base_url, api_key), transport=transport)
        exchange = Exchange(base_url, timeout_seconds, retries or Retries(), clock)
        self._operations = Operations(exchange)
        self._files = FileOperations(exchange)
        self._timeout_seconds = timeout_seconds
        self._sleep = sleep

    def submit(
        self,
        model: str,
        input: Any,
        *,
        id: str | UUID | None = None,
        priority: Priority | None = None,
        deadline_seconds: float | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Prediction:
        """Hand in one prediction and return at once; it is accepted and will not be lost.

        `model` is `name`, `name:version`, `name@alias` or the SHA-256 of a version. In `input` a
        `Path`, bytes or a binary file become `data:` URIs; those too large to travel in it are
        uploaded first. `id` is any UUID: the same one with the same request is the same
        prediction, with another request IdMismatch. What JSON cannot hold raises UnencodableInput
        before the submit is sent, as an `id` that is none ValueError.
        """
        wanted = Submission(model, input, id, priority, deadline_seconds, metadata)
        return self._run(self._operations.submit(wanted))

    def submit_many(
        self,
        model: str,
        inputs: Iterable[Any],
        *,
        priority: Priority | None = None,
        deadline_seconds: float | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> list[Outcome]:
        """Hand in one prediction of `model` for each input and return at once.

        Answers, in the order of `inputs`, each with its prediction, or with the error for which
        it was refused. Paths, bytes and files are taken as in `submit`; priority, deadline and
        metadata hold for all. They travel up to 1,000 in a request, which may be sent again: no
        input is ever submitted twice. What concerns all (ModelNotFound, ConnectionFailed, …) is
        raised as long as nothing has been accepted; later it stands where a prediction is
        missing.
        """
        common = Submission(model, None, None, priority, deadline_seconds, metadata)
        return self._run(self._operations.submit_many(common, inputs))

    def get(self, id: Id, wait_seconds: float | None = None) -> Prediction:
        """The prediction as it is once it is done or `wait_seconds` (60 at most) have passed."""
        return self._run(self._operations.get(id, wait_seconds))

    def wait(
        self,
        id: Id,
        timeout_seconds: float | None = None,
        *,
        on_progress: OnProgress | None = None,
    ) -> Prediction:
        """The prediction once it is done, whatever its end; WaitTimeout when that takes too long.

        `on_progress` is called with the prediction at first and whenever its stage changed.
        """
        return self._run(self._operations.wait(id, timeout_seconds, on_progress))

    def predict(
        self,
        model: str,
        input: Any,
        *,
        timeout_seconds: float | None = None,
        id: str | UUID | None = None,
        priority: Priority | None = None,
        deadline_seconds: float | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Any:
        """Submit, wait, and return the output; PredictionFailed when it ended without one."""
        wanted = Submission(model, input, id, priority, deadline_seconds, metadata)
        return self._run(self._operations.predict(wanted, timeout_seconds)).output

    def models(self) -> list[Model]:
        """Every model that the server serves."""
        return self._run(self._operations.models())

    def model(self, name: str) -> Model:
        """One model with its schemas and an example input; ModelNotFound when there is none."""
        return self._run(self._operations.model(name))

    def predictions(
        self, *, limit: int | None = None, status: str | None = None, model: str | None = None
    ) -> Iterator[Prediction]:
        """Predictions, newest first: `limit` of them, or all, fetched a page at a time."""
        query = Query.of(PREDICTIONS, limit, status=status, model=model)
        while query is not None:
            page, query = self._run(self._operations.predictions(query))
            yield from page

    def upload(
        self,
        source: Source,
        *,
        name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> File:
        """Upload a file that any number of inputs may name; the result stands for it in them.

        `source` is a path, bytes or a binary file, `metadata` flat notes of your own. It expires.
        """
        return self._run(self._files.upload(source, name, metadata))

    def files(self, *, limit: int | None = None) -> Iterator[File]:
        """Uploaded files, newest first: `limit` of them, or all, fetched a page at a time."""
        query = Query.of(FILES, limit)
        while query is not None:
            page, query = self._run(self._files.page(query))
            yield from page

    def delete_file(self, file: File | str) -> None:
        """Remove an uploaded file; what was predicted from it stays. NotFound when it is gone."""
        self._run(self._files.delete(file))

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, operation: Operation[T]) -> T:
        reply: Reply = None
        while True:
            try:
                step = operation.send(reply)
            except StopIteration as end:
                return cast(T, end.value)
            reply = self._perform(step)

    def _perform(self, step: Request | Pause) -> Reply:
        if isinstance(step, Pause):
            self._sleep(step.seconds)
            return None
        try:
            return self._http.request(**arguments(step, self._timeout_seconds))
        except httpx2.RequestError as error:
            return error
