"""The prediction log as a download: read and sent a page at a time."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.event_stream import send_part
from shared.prediction_log.export import Record
from shared.prediction_log.text_formats import csv_header, csv_lines, json_lines

TYPES = {"csv": "text/csv; charset=utf-8; header=present", "jsonl": "application/jsonl"}


class LogDownload(Response):
    """Sends all `pages`, and holds `slot` meanwhile.

    What they raise before the first is an answer like any other. When SQL goes away later, the
    connection is cut: nobody takes a part for the whole.
    """

    def __init__(
        self, pages: Iterator[list[Record]], kind: str, slot: AbstractContextManager[None]
    ) -> None:
        self.status_code = 200
        self.background = None
        self._pages = pages
        self._slot = slot
        self._header, self._encode = b"", json_lines
        if kind == "csv":
            self._header, self._encode = csv_header(), csv_lines
        name = f'attachment; filename="prediction-log.{kind}"'
        self.init_headers({"content-type": TYPES[kind], "content-disposition": name})

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        with self._slot:
            part = await self._next()
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            await send_part(send, self._header)
            while part is not None:
                await send_part(send, part)
                part = await self._next()
            await send_part(send, b"", more=False)

    async def _next(self) -> bytes | None:
        return await asyncio.to_thread(self._read)

    def _read(self) -> bytes | None:
        page = next(self._pages, None)
        return None if page is None else self._encode(page)
