"""Jobs: predictions that know the client which brought them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import PrivateAttr

from queuecast.events import Event
from queuecast.results import Prediction

if TYPE_CHECKING:
    from queuecast.async_client import AsyncClient
    from queuecast.client import Client


class _Attached(Prediction):
    _client: Any = PrivateAttr(default=None)

    def __reduce__(self) -> Any:
        """Elsewhere it is a prediction: a connection does not travel."""
        return Prediction.model_validate, (self.model_dump(exclude_unset=True),)


class Job(_Attached):
    """What a `Client` answers: the prediction as it was told, with what can be done about it."""

    _client: Client

    def wait(self, timeout_seconds: float | None = None) -> Job:
        """As `Client.wait`."""
        return self._client.wait(self, timeout_seconds)

    def cancel(self) -> Job:
        """As `Client.cancel`."""
        return self._client.cancel(self)

    def stream(self, *, every: bool = False) -> Iterator[Event]:
        """As `Client.stream`."""
        return self._client.stream(self, every=every)


class AsyncJob(_Attached):
    """What an `AsyncClient` answers."""

    _client: AsyncClient

    async def wait(self, timeout_seconds: float | None = None) -> AsyncJob:
        """As `Client.wait`."""
        return await self._client.wait(self, timeout_seconds)

    async def cancel(self) -> AsyncJob:
        """As `Client.cancel`."""
        return await self._client.cancel(self)

    def stream(self, *, every: bool = False) -> AsyncIterator[Event]:
        """As `Client.stream`, for `async for`."""
        return self._client.stream(self, every=every)


J = TypeVar("J", Job, AsyncJob)


def attached(kind: type[J], prediction: Prediction, client: Any) -> J:
    """The prediction as a job of this client."""
    if isinstance(prediction, kind):
        return prediction
    job = kind.model_construct(prediction.model_fields_set, **dict(prediction))
    job._client = client
    return job
