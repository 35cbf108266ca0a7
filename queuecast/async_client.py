"""The asynchronous client: the same calls as `Client`, awaited."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
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
from queuecast.jobs import AsyncJob, attached
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


class AsyncClient:
    """`Client` for asyncio: contracts and errors are the same; tasks of one loop may share it."""

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        api_key: str | None = None,
        timeout_seconds: float = 10.0,
        *,
        retries: Retries | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = httpx2.AsyncClient(**settings(base_url, api_key), transport=transport)
        exchange = Exchange(base_url, timeout_seconds, retries or Retries(), clock)
        self._operations = Operations(exchange)
        self._files = FileOperations(exchange)
        self._webhooks = WebhookOperations(exchange)
        self._log = LogOperations(exchange)
        self._timeout_seconds = timeout_seconds
        self._sleep = sleep

    async def submit(
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
    ) -> AsyncJob:
        """As `Client.submit`."""
        wanted = Submission(
            model, input, id, priority, deadline_seconds, metadata, webhook, webhook_events
        )
        return self._job(await self._run(self._operations.submit(wanted)))

    async def submit_many(
        self,
        model: str,
        inputs: Iterable[Any],
        *,
        priority: Priority | None = None,
        deadline_seconds: float | None = None,
        metadata: Mapping[str, Any] | None = None,
        webhook: str | None = None,
        webhook_events: Sequence[str] | None = None,
    ) -> list[AsyncJob | QueuecastError]:
        """As `Client.submit_many`."""
        common = Submission(
            model, None, None, priority, deadline_seconds, metadata, webhook, webhook_events
        )
        outcomes = await self._run(self._operations.submit_many(common, inputs))
        return [self._job(one) if isinstance(one, Prediction) else one for one in outcomes]

    async def get(self, id: Id, wait_seconds: float | None = None) -> AsyncJob:
        """As `Client.get`."""
        return self._job(await self._run(self._operations.get(id, wait_seconds)))

    async def wait(
        self,
        id: Id,
        timeout_seconds: float | None = None,
        *,
        on_progress: OnProgress | None = None,
    ) -> AsyncJob:
        """As `Client.wait`; `on_progress` is a plain function here too."""
        return self._job(await self._run(self._operations.wait(id, timeout_seconds, on_progress)))

    async def predict(
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
        """As `Client.predict`."""
        wanted = Submission(model, input, id, priority, deadline_seconds, metadata)
        return (await self._run(self._operations.predict(wanted, timeout_seconds))).output

    async def cancel(self, id: Id) -> AsyncJob:
        """As `Client.cancel`."""
        return self._job(await self._run(self._operations.cancel(id)))

    async def stream(self, id: Id, *, every: bool = False) -> AsyncIterator[Event]:
        """As `Client.stream`, for `async for`."""
        reader = self._operations.events(id, every=every)
        while not reader.done:
            refused: Reply = None
            try:
                request = arguments(reader.request(), self._timeout_seconds)
                async with self._http.stream(**request) as response:
                    if response.is_success:
                        async for line in response.aiter_lines():
                            if event := reader.read(line):
                                yield await self._whole(id, event)
                            if reader.done:
                                return
                    else:
                        await response.aread()
                        refused = response
            except httpx2.RequestError as error:
                refused = error
            await self._sleep(reader.pause_seconds(refused))

    async def map(
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
    ) -> AsyncIterator[Any]:
        """As `Client.map`, for `async for`."""
        window = Window(inputs, in_flight)
        common = Submission(model, None, None, priority, deadline_seconds, metadata)
        with progress_bar(model, inputs, progress) as advance:
            while True:
                if portion := window.portion():
                    window.add(await self._run(self._operations.submit_or_refuse(common, portion)))
                if (one := window.oldest()) is None:
                    return
                ended = await self._run(self._operations.output_or_error(one))
                advance()
                if isinstance(ended, QueuecastError) and not return_errors:
                    raise ended
                yield ended

    async def models(self) -> list[Model]:
        """As `Client.models`."""
        return await self._run(self._operations.models())

    async def model(self, name: str) -> Model:
        """As `Client.model`."""
        return await self._run(self._operations.model(name))

    async def predictions(
        self,
        *,
        limit: int | None = None,
        status: str | None = None,
        model: str | None = None,
        version: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[AsyncJob]:
        """As `Client.predictions`, for `async for`."""
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
            page, query = await self._run(self._operations.predictions(query))
            for prediction in page:
                yield self._job(prediction)

    async def upload(
        self,
        source: Source,
        *,
        name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> File:
        """As `Client.upload`."""
        return await self._run(self._files.upload(source, name, metadata))

    async def files(self, *, limit: int | None = None) -> AsyncIterator[File]:
        """As `Client.files`, for `async for`."""
        query = Query.of(FILES, limit)
        while query is not None:
            page, query = await self._run(self._files.page(query))
            for file in page:
                yield file

    async def delete_file(self, file: File | str) -> None:
        """As `Client.delete_file`."""
        await self._run(self._files.delete(file))

    async def deliveries(self, id: Id) -> list[Delivery]:
        """As `Client.deliveries`."""
        its_id = id.id if isinstance(id, Prediction) else str(id)
        return await self._run(self._webhooks.deliveries(its_id))

    async def delivery(self, delivery: Delivery | str) -> Delivery:
        """As `Client.delivery`."""
        its_id = delivery.id if isinstance(delivery, Delivery) else delivery
        return await self._run(self._webhooks.delivery(its_id))

    async def replay(self, delivery: Delivery | str) -> Delivery:
        """As `Client.replay`."""
        its_id = delivery.id if isinstance(delivery, Delivery) else delivery
        return await self._run(self._webhooks.replay(its_id))

    async def test_webhook(self, url: str) -> Delivery:
        """As `Client.test_webhook`."""
        return await self._run(self._webhooks.test(url))

    async def webhook_secret(self, *, rotate: bool = False) -> str:
        """As `Client.webhook_secret`."""
        return await self._run(self._webhooks.secret(rotate=rotate))

    async def prediction_log(
        self,
        *,
        limit: int | None = None,
        completed_after: datetime | None = None,
        completed_before: datetime | None = None,
        **filters: str | None,
    ) -> AsyncIterator[LoggedPrediction]:
        """As `Client.prediction_log`."""
        wanted = within(
            completed_after=completed_after, completed_before=completed_before, **filters
        )
        query = Query.of(LOG, limit, **wanted)
        while query is not None:
            page, query = await self._run(self._log.page(query))
            for row in page:
                yield row

    async def feedback(
        self,
        id: Id,
        *,
        label: str | int | bool | None = None,
        value: float | None = None,
        source: str | None = None,
        comment: str | None = None,
    ) -> Feedback:
        """As `Client.feedback`."""
        its_id = id.id if isinstance(id, Prediction) else str(id)
        truth = {"label": label, "value": value, "source": source, "comment": comment}
        return await self._run(self._log.feedback(its_id, truth))

    async def feedback_many(
        self, truths: Sequence[Mapping[str, Any]]
    ) -> list[Feedback | QueuecastError]:
        """As `Client.feedback_many`."""
        return await self._run(self._log.feedback_many(truths))

    async def accuracy(
        self,
        model: str,
        *,
        version: str | None = None,
        hourly: bool = False,
        completed_after: datetime | None = None,
        completed_before: datetime | None = None,
    ) -> Accuracy:
        """As `Client.accuracy`."""
        by = "hour" if hourly else "day"
        query = within(
            version=version, by=by, completed_after=completed_after,
            completed_before=completed_before,
        )  # fmt: skip
        return await self._run(self._log.accuracy(model, query))

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def _job(self, prediction: Prediction) -> AsyncJob:
        return attached(AsyncJob, prediction, self)

    async def _whole(self, id: Id, event: Event) -> Event:
        """With its output, when that was too large to come along."""
        if event.data is not ELSEWHERE:
            return event
        return replace(event, data=await self._run(self._operations.output(id)))

    async def _run(self, operation: Operation[T]) -> T:
        reply: Reply = None
        while True:
            try:
                step = operation.send(reply)
            except StopIteration as end:
                return cast(T, end.value)
            reply = await self._perform(step)

    async def _perform(self, step: Request | Pause) -> Reply:
        if isinstance(step, Pause):
            await self._sleep(step.seconds)
            return None
        try:
            return await self._http.request(**arguments(step, self._timeout_seconds))
        except httpx2.RequestError as error:
            return error
