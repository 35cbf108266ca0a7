"""The prediction log as a download: read and sent a page at a time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager

from sqlalchemy import Engine
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from shared.prediction_log.export import Record, records
from shared.prediction_log.listing import Wanted
from shared.prediction_log.text_formats import csv_header, csv_lines, json_lines

TYPES = {"csv": "text/csv; charset=utf-8; header=present", "jsonl": "application/jsonl"}


class LogDownload(StreamingResponse):
    """It holds `slot` as long as it lasts.

    When SQL goes away in the middle, the connection is cut: nobody takes a part for the whole.
    """

    def __init__(
        self, engine: Engine, wanted: Wanted, format: str, slot: AbstractContextManager[None]
    ) -> None:
        self._slot = slot
        headers = {"Content-Disposition": f'attachment; filename="prediction-log.{format}"'}
        super().__init__(_parts(engine, wanted, format), headers=headers, media_type=TYPES[format])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._slot:
            await super().__call__(scope, receive, send)


async def _parts(engine: Engine, wanted: Wanted, format: str) -> AsyncIterator[bytes]:
    if format == "csv":
        yield csv_header()
    encode = csv_lines if format == "csv" else json_lines
    pages = records(engine, wanted)
    while (page := await asyncio.to_thread(_next, pages)) is not None:
        yield await asyncio.to_thread(encode, page)


def _next(pages: Iterator[list[Record]]) -> list[Record] | None:
    return next(pages, None)
