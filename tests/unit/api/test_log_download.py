import asyncio
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from api import event_stream
from api.log_download import LogDownload
from api.slots import Slots
from shared.errors import TooManyStreams


async def receive() -> Any:
    raise AssertionError("nothing is read")


async def hang(message: Any) -> None:
    """Takes the head, and nothing behind it."""
    if message["type"] == "http.response.body":
        await asyncio.Event().wait()


def test_who_takes_nothing_gives_his_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "STALL_SECONDS", 0.01)
    slots = Slots(TooManyStreams, "")
    with pytest.raises(ClientDisconnect):
        asyncio.run(LogDownload(iter([]), "csv", slots.one_of(1))({}, receive, hang))
    with slots.one_of(1):
        pass


def test_a_page_that_cannot_be_read_cuts_the_answer() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    def pages() -> Any:
        yield []
        raise TooManyStreams("SQL is away")

    slot = Slots(TooManyStreams, "").one_of(1)
    with pytest.raises(TooManyStreams):
        asyncio.run(LogDownload(pages(), "jsonl", slot)({}, receive, send))
    assert sent[0]["type"] == "http.response.start"
    assert all(message["more_body"] for message in sent[1:])
