"""Request bodies: JSON in which a file stands as a `data:` URI, a large one as the URL it got."""

import base64
import json
import math
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from queuecast.errors import UnencodableInput
from queuecast.results import File


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds, and what it is called."""

    data: bytes
    name: str


class Encoder:
    """Encodes one body, as often as it takes; each of its files is read once.

    Files stand in it as `data:` URIs until these have `inline_max_bytes`; the rest is `large`, by
    a key under which `place` says what to write instead.
    """

    def __init__(self, inline_max_bytes: float = math.inf) -> None:
        self._room = inline_max_bytes
        self._texts: dict[int, str] = {}
        self.large: dict[int, Content] = {}

    def encode(self, body: Any) -> bytes:
        """Of no use while something is large; raises as the function does."""
        try:
            text = json.dumps(body, default=self._text, allow_nan=False, ensure_ascii=False)
            return text.encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise UnencodableInput(f"the input is not JSON: {error}") from error

    def place(self, key: int, url: str) -> None:
        self._texts[key] = url
        del self.large[key]

    def _text(self, value: Any) -> Any:
        key = id(value)
        if key not in self._texts and key not in self.large:
            content = read_content(value)
            if content is None:
                return _plain(value)
            if len(content.data) > self._room:
                self.large[key] = content
            else:
                self._room -= len(content.data)
                self._texts[key] = data_uri(content.data)
        return self._texts.get(key)


def encode(body: Any) -> bytes:
    """JSON bytes. A `Path`, bytes or a binary file becomes a `data:` URI, an array a nested list.

    An uploaded `File` becomes its URL. Raises UnencodableInput for what JSON cannot hold (NaN too),
    OSError for an unreadable file.
    """
    return Encoder().encode(body)


def read_content(value: Any) -> Content | None:
    """Of a `Path`, bytes or a binary file; None of anything else."""
    if isinstance(value, Path):
        return Content(value.read_bytes(), value.name)
    if isinstance(value, bytes | bytearray | memoryview):
        return Content(bytes(value), "file")
    if callable(getattr(value, "read", None)) and isinstance(data := value.read(), bytes):
        return Content(data, PurePath(str(getattr(value, "name", ""))).name or "file")
    return None


def data_uri(content: bytes) -> str:
    """`content` as a `data:` URI whose media type is read from its first bytes."""
    return f"data:{media_type(content)};base64,{base64.b64encode(content).decode()}"


def media_type(content: bytes) -> str:
    """Of PNG, JPEG and WEBP images; anything else is `application/octet-stream`."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return "application/octet-stream"


def _plain(value: Any) -> Any:
    if isinstance(value, File):
        return value.url
    if callable(getattr(value, "tolist", None)):  # numpy and its kin, without importing them
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form")
