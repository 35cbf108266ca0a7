"""One request and its answer: uvicorn's cycle, whose usual answer takes fewer steps.

uvicorn looks at each header of each answer with two regular expressions. Here a name is looked at
once in the life of a process, and what stands behind the names is looked at all together.
"""

from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HEADER_RE, STATUS_LINE, RequestResponseCycle

_FIT = bytes(code for code in range(256) if code == 0x09 or (code >= 0x20 and code != 0x7F))
"""What the value of a header may hold."""

_UNUSUAL = (b"connection: ", b"transfer-encoding: ")


class _Openings(dict[bytes, bytes]):
    """How the line of a header begins, by its name. All names are ours: they are few."""

    def __missing__(self, name: bytes) -> bytes:
        if HEADER_RE.search(name):
            raise RuntimeError("the name of a header holds what no name may")
        self[name] = opening = name.lower() + b": "
        return opening


_openings = _Openings()


class Exchange(RequestResponseCycle):
    """An answer whose length is known, sent in one piece, is ours; uvicorn sends all others."""

    async def send(self, message: Any) -> None:
        if self.flow.write_paused or self.disconnected:
            await super().send(message)
        elif message["type"] == "http.response.start" and not self.response_started:
            if not self._begins(message["status"], message.get("headers", ())):
                await super().send(message)
        elif not self._ends(message):
            await super().send(message)

    def _begins(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether it is an answer of known length; then its head is written."""
        parts, length = [STATUS_LINE[status]], None
        for name, value in (*self.default_headers, *headers):
            opening = _openings[name]
            if opening == b"content-length: ":
                length = int(value)
            elif opening in _UNUSUAL:
                return False
            parts += (opening, value, b"\r\n")
        if length is None:
            return False
        head = b"".join(parts)
        if head.translate(None, _FIT) != b"\r\n" * (1 + len(parts) // 3):
            raise RuntimeError("the value of a header holds what no value may")
        head += b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        self.response_started, self.waiting_for_100_continue = True, False
        self.chunked_encoding, self.expected_content_length = False, length
        self.transport.write(head)
        return True

    def _ends(self, message: Any) -> bool:
        """Whether it is the whole body, of the length that was said; then it is written."""
        body = message.get("body", b"")
        whole = len(body) == self.expected_content_length and not message.get("more_body", False)
        if not whole or self.chunked_encoding is not False or self.response_complete:
            return False
        if message["type"] != "http.response.body" or self.scope["method"] == "HEAD":
            return False
        self.transport.write(body)
        self.expected_content_length = 0
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
        return True
