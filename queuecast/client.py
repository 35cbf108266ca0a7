"""The synchronous client."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar, cast
from uuid import UUID

import httpx2

from queuecast.connection import DEFAULT_URL, arguments, settings
from queuecast.errors import QueuecastError
from queuecast.events import ELSEWHERE, Event
from queuecast.exchange import Exchange
from queuecast.files import FILES, FileOperations, Source
from queuecast.filters import as_query
from queuecast.jobs import Job, attached
from queuecast.log_operations import LOG, LogOperations, within
from queuecast.log_results import Accuracy, Feedback, LoggedPrediction
from queuecast.operations import PREDICTIONS, Id, OnProgress, Operations, Priority, Submission
from queuecast.paging import Query
from queuecast.progress_bar import progress_bar
from queuecast.results import Delivery, File, Model, Prediction
from queuecast.retries import Retries
from queuecast.steps import Operation, Pause, Reply, Request
from queuecast.webhook_operations import WebhookOperations
from queuecast.window import Window

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
        self._webhooks = WebhookOperations(exchange)
        self._log = LogOperations(exchange)
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
        webhook: str | None = None,
        webhook_events: Sequence[str] | None = None,
    ) -> Job:
        """Hand in one prediction and return at once; it is accepted and will not be lost.

        `model` is `name`, `name:version`, `name@alias` or the SHA-256 of a version. In `input` a
        `Path`, bytes or a binary file become `data:` URIs; those too large to travel in it are
        uploaded first. `id` is any UUID: the same one with the same request is the same
        prediction, with another request IdMismatch. What JSON cannot hold raises UnencodableInput
        before the submit is sent, as an `id` that is none ValueError. `webhook` is an https URL
        that is sent the prediction when it is done, or at each of `webhook_events`.
        """
        wanted = Submission(
            model, input, id, priority, deadline_seconds, metadata, webhook, webhook_events
        )
        return self._job(self._run(self._operations.submit(wanted)))

    def submit_many(
        self,
        model: str,
        inputs: Iterable[Any],
        *,
        priority: Priority | None = None,
        deadline_seconds: float | None = None,
        metadata: Mapping[str, Any] | None = None,
        webhook: str | None = None,
        webhook_events: Sequence[str] | None = None,
    ) -> list[Job | QueuecastError]:
        """Hand in one prediction of `model` for each input and return at once.

        Answers, in the order of `inputs`, each with its prediction, or with the error for which
        it was refused. Paths, bytes and files are taken as in `submit`; priority, deadline and
        metadata hold for all. They travel up to 1,000 in a request, which may be sent again: no
        input is ever submitted twice. What concerns all (ModelNotFound, ConnectionFailed, …) is
        raised as long as nothing has been accepted; later it stands where a prediction is
        missing.
        """
        common = Submission(
            model, None, None, priority, deadline_seconds, metadata, webhook, webhook_events
        )
        outcomes = self._run(self._operations.submit_many(common, inputs))
        return [self._job(one) if isinstance(one, Prediction) else one for one in outcomes]

    def get(self, id: Id, wait_seconds: float | None = None) -> Job:
        """The prediction as it is once it is done or `wait_seconds` (60 at most) have passed."""
        return self._job(self._run(self._operations.get(id, wait_seconds)))

    def wait(
        self,
        id: Id,
        timeout_seconds: float | None = None,
        *,
        on_progress: OnProgress | None = None,
    ) -> Job:
        """The prediction once it is done, whatever its end; WaitTimeout when that takes too long.

        `on_progress` is called with the prediction at first and whenever its stage changed.
        """
        return self._job(self._run(self._operations.wait(id, timeout_seconds, on_progress)))

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

    def cancel(self, id: Id) -> Job:
        """End a prediction that has not ended yet, at once; one that has ended stays as it is."""
        return self._job(self._run(self._operations.cancel(id)))

    def stream(self, id: Id, *, every: bool = False) -> Iterator[Event]:
        """The events of a prediction as they happen, `done` last; with `every` its stages too.

        A stream that breaks off is opened again behind the last event, so each comes once. Ends
        without ApiError or ConnectionFailed only behind `done`.
        """
        reader = self._operations.events(id, every=every)
        while not reader.done:
            refused: Reply = None
            try:
                request = arguments(reader.request(), self._timeout_seconds)
                with self._http.stream(**request) as response:
                    if response.is_success:
                        for line in response.iter_lines():
                            if event := reader.read(line):
                                yield self._whole(id, event)
                            if reader.done:
                                return
                    else:
                        response.read()
                        refused = response
            except httpx2.RequestError as error:
                refused = error
            self._sleep(reader.pause_seconds(refused))

    def map(
        self,
        model: str,
        inputs: Iterable[Any],
        *,
        in_flight: int = 256,
        return_errors: bool = False,
        progress: bool = True,
        priority: Priority | None = None,
        deadline_seconds: float | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Iterator[Any]:
        """The outputs of `model` for many inputs, in their order, as they come.

        At most `in_flight` predictions are under way; inputs are read as there is room for them,
        so they may be endless. Raises what the first input without an output met (PredictionFailed,
        InvalidInput, …) when its turn has come; with `return_errors` it stands in the output's
        place, and the rest follows. On a terminal a progress bar is drawn on stderr, where the
        extra `cli` is installed.
        """
        window = Window(inputs, in_flight)
        common = Submission(model, None, None, priority, deadline_seconds, metadata)
        with progress_bar(model, inputs, progress) as advance:
            while True:
                if portion := window.portion():
                    window.add(self._run(self._operations.submit_or_refuse(common, portion)))
                if (one := window.oldest()) is None:
                    return
                ended = self._run(self._operations.output_or_error(one))
                advance()
                if isinstance(ended, QueuecastError) and not return_errors:
                    raise ended
                yield ended

    def models(self) -> list[Model]:
        """Every model that the server serves."""
        return self._run(self._operations.models())

    def model(self, name: str) -> Model:
        """One model with its schemas and an example input; ModelNotFound when there is none."""
        return self._run(self._operations.model(name))

    def predictions(
        self,
        *,
        limit: int | None = None,
        status: str | None = None,
        model: str | None = None,
        version: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Iterator[Job]:
        """Predictions, newest first: `limit` of them, or all, fetched a page at a time.

        `metadata` has the values that they should carry; both moments belong to the span.
        """
        filters = as_query(
            status=status,
            model=model,
            version=version,
            created_after=created_after,
            created_before=created_before,
            metadata=metadata,
        )
        query = Query.of(PREDICTIONS, limit, **filters)
        while query is not None:
            page, query = self._run(self._operations.predictions(query))
            yield from map(self._job, page)

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

    def deliveries(self, id: Id) -> list[Delivery]:
        """The webhooks of a prediction, each with its attempts."""
        its_id = id.id if isinstance(id, Prediction) else str(id)
        return self._run(self._webhooks.deliveries(its_id))

    def delivery(self, delivery: Delivery | str) -> Delivery:
        """One webhook with its attempts."""
        its_id = delivery.id if isinstance(delivery, Delivery) else delivery
        return self._run(self._webhooks.delivery(its_id))

    def replay(self, delivery: Delivery | str) -> Delivery:
        """Send a finished webhook again, under the same id; ApiError 409 while it is pending."""
        its_id = delivery.id if isinstance(delivery, Delivery) else delivery
        return self._run(self._webhooks.replay(its_id))

    def test_webhook(self, url: str) -> Delivery:
        """Send a test event to a URL, once; `delivery` tells what came of it."""
        return self._run(self._webhooks.test(url))

    def webhook_secret(self, *, rotate: bool = False) -> str:
        """The secret that signs webhooks; with `rotate` a new one, the old one good for a day."""
        return self._run(self._webhooks.secret(rotate=rotate))

    def prediction_log(
        self,
        *,
        limit: int | None = None,
        completed_after: datetime | None = None,
        completed_before: datetime | None = None,
        **filters: str | None,
    ) -> Iterator[LoggedPrediction]:
        """The prediction log, newest first: `limit` rows, or all, fetched a page at a time.

        Filters are `model`, `version`, `status`, `error_code`, `cache`, `input_hash`, and with a
        model `label`; both moments belong to the span.
        """
        wanted = within(
            completed_after=completed_after, completed_before=completed_before, **filters
        )
        query = Query.of(LOG, limit, **wanted)
        while query is not None:
            page, query = self._run(self._log.page(query))
            yield from page

    def feedback(
        self,
        id: Id,
        *,
        label: str | int | bool | None = None,
        value: float | None = None,
        source: str | None = None,
        comment: str | None = None,
    ) -> Feedback:
        """Say what was true of a prediction: a label or a value. The last that is said counts.

        ApiError 409 before its end, NotFound for what the log does not hold.
        """
        its_id = id.id if isinstance(id, Prediction) else str(id)
        truth = {"label": label, "value": value, "source": source, "comment": comment}
        return self._run(self._log.feedback(its_id, truth))

    def feedback_many(self, truths: Sequence[Mapping[str, Any]]) -> list[Feedback | QueuecastError]:
        """The same of many, each with an `id`: answers each as it stands, or why it was refused."""
        return self._run(self._log.feedback_many(truths))

    def accuracy(
        self,
        model: str,
        *,
        version: str | None = None,
        hourly: bool = False,
        completed_after: datetime | None = None,
        completed_before: datetime | None = None,
    ) -> Accuracy:
        """How right a model was, of the predictions with feedback: by version, day or hour."""
        by = "hour" if hourly else "day"
        query = within(
            version=version, by=by, completed_after=completed_after,
            completed_before=completed_before,
        )  # fmt: skip
        return self._run(self._log.accuracy(model, query))

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

    def _job(self, prediction: Prediction) -> Job:
        return attached(Job, prediction, self)

    def _whole(self, id: Id, event: Event) -> Event:
        """With its output, when that was too large to come along."""
        if event.data is not ELSEWHERE:
            return event
        return replace(event, data=self._run(self._operations.output(id)))

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
