"""The events of a prediction, read line by line over as many connections as it takes; no I/O."""

import json
from dataclasses import dataclass, replace
from typing import Any

import httpx2

from queuecast.errors import ConnectionFailed, UnexpectedAnswer
from queuecast.exchange import Exchange
from queuecast.steps import Request

SILENCE_SECONDS = 35.0  # a living server says something every 15 s
LASTING_SECONDS = 5.0  # a connection that held so long is no failed try


@dataclass(frozen=True, slots=True)
class Event:
    """`name` is `output`, `error` or `done`, with `every` also `start`, `stage` and `completed`.

    `data` is what the server told: the output itself, `{"detail": …, "code": …}`, `{}` or the
    `reason` why there is no output, `{"stage": …}`; the prediction as plain data for the others.
    """

    id: str
    name: str
    data: Any


ELSEWHERE = object()
"""In place of an output that was too large to come along."""


class EventReader:
    """One prediction's stream: opened again behind the last event when it breaks off."""

    def __init__(self, exchange: Exchange, path: str, *, every: bool) -> None:
        self.done = False
        self._exchange = exchange
        self._request = Request(
            "GET",
            f"{path}/stream",
            {"events": "all"} if every else {},
            headers={"accept": "text/event-stream"},
            hold_seconds=SILENCE_SECONDS,
        )
        self._fields: dict[str, str] = {}
        self._last_id = ""
        self._attempt = 0
        self._opened_at = 0.0

    def request(self) -> Request:
        """What opens the stream, or opens it again."""
        self._attempt += 1
        self._opened_at = self._exchange.clock()
        self._fields.clear()
        seen = {"last-event-id": self._last_id} if self._last_id else {}
        headers = {**self._request.headers, **seen}
        return self._exchange.bounded(replace(self._request, headers=headers))

    def read(self, line: str) -> Event | None:
        """The event that this line completes, if any."""
        if line:
            name, _, value = line.partition(":")
            self._fields[name] = value.removeprefix(" ")
            return None
        if "event" not in self._fields:
            return None
        told, self._fields = self._fields, {}
        self._last_id, self._attempt = told.get("id", self._last_id), 0
        self.done = told["event"] == "done"
        return Event(self._last_id, told["event"], _data(told["event"], told.get("data", "")))

    def pause_seconds(self, answer: httpx2.Response | httpx2.RequestError | None) -> float:
        """Until it is opened again, after a refusal or a fault, or (None) an end before `done`.

        Raises ApiError or ConnectionFailed once retrying ends.
        """
        if self._exchange.clock() - self._opened_at >= LASTING_SECONDS:
            self._attempt = 0
        if answer is not None:
            return self._exchange.pause_seconds(max(1, self._attempt), answer)
        pause = self._exchange.retries.backoff_seconds(max(1, self._attempt))
        if pause is None:
            raise ConnectionFailed(f"{self._exchange.base_url}: the stream ends again and again")
        return pause


def _data(event: str, text: str) -> Any:
    if event == "output" and text.startswith(("http://", "https://")):
        return ELSEWHERE  # no JSON begins like this
    try:
        return json.loads(text)
    except ValueError as error:
        raise UnexpectedAnswer(f"an event of the stream holds no JSON: {text[:80]}") from error
