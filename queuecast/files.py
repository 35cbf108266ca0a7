"""Files that are uploaded once and named in inputs, as steps without I/O."""

import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias
from urllib.parse import quote

from queuecast.answers import read
from queuecast.encoding import Content, Encoder, encode, media_type, read_content
from queuecast.errors import UnencodableInput
from queuecast.exchange import Exchange
from queuecast.paging import Query
from queuecast.results import File, FilePage
from queuecast.steps import Operation, Request

FILES = "/api/v1/files"

UPLOAD_SECONDS = 60.0  # of patience, besides that for any request

INLINE_MAX_BYTES = 512 << 10
"""As base64, and with an input around them, they fit the body that a server takes by default."""

Source: TypeAlias = Path | str | bytes | BinaryIO


@dataclass(frozen=True, slots=True)
class FileOperations:
    exchange: Exchange

    def upload(
        self, source: Source, name: str | None, metadata: Mapping[str, Any] | None
    ) -> Operation[File]:
        content = read_content(Path(source) if isinstance(source, str) else source)
        if content is None:
            raise UnencodableInput("a file is a path, bytes or a binary file")
        return (yield from self._send(Content(content.data, name or content.name), metadata))

    def page(self, query: Query) -> Operation[tuple[list[File], Query | None]]:
        """One page, and the query for the following one."""
        page = read((yield from self.exchange.send(query.request())), FilePage)
        wanted = page.results[: query.remaining]
        return wanted, query.following(page.next, len(wanted))

    def delete(self, file: File | str) -> Operation[None]:
        file_id = file.id if isinstance(file, File) else file
        yield from self.exchange.send(Request("DELETE", f"{FILES}/{quote(file_id, safe='')}"))

    def encoded(self, body: Any, deadline: float) -> Operation[bytes]:
        """A request's body, for which files too large to travel in it are uploaded."""
        encoder = Encoder(INLINE_MAX_BYTES)
        data = encoder.encode(body)
        if not encoder.large:
            return data
        for key, content in list(encoder.large.items()):
            encoder.place(key, (yield from self._send(content, None, deadline)).url)
        return encoder.encode(body)

    def _send(
        self, content: Content, metadata: Mapping[str, Any] | None, deadline: float = math.inf
    ) -> Operation[File]:
        """Sent again it is another file; both expire."""
        boundary = secrets.token_hex(16)
        request = Request(
            "POST",
            FILES,
            body=_form(boundary, content, metadata),
            headers={"content-type": f"multipart/form-data; boundary={boundary}"},
            hold_seconds=UPLOAD_SECONDS,
        )
        return read((yield from self.exchange.send(request, deadline)), File)


def _form(boundary: str, content: Content, metadata: Mapping[str, Any] | None) -> bytes:
    """The name is a part of its own: in a header it would need an escape that all agree on."""
    parts = [("filename", content.name.encode(errors="replace")), ("type", _type(content))]
    if metadata is not None:
        parts.append(("metadata", encode(dict(metadata))))
    lines = [
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
        % (boundary.encode(), name.encode(), value)
        for name, value in parts
    ]
    head = b'--%b\r\nContent-Disposition: form-data; name="content"; filename="file"\r\n\r\n'
    end = b"\r\n--%b--\r\n" % boundary.encode()
    return b"".join([*lines, head % boundary.encode(), content.data, end])


def _type(content: Content) -> bytes:
    return (guess_type(content.name)[0] or media_type(content.data)).encode()
