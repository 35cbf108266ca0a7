"""Request bodies: JSON in which a file stands as a `data:` URI."""

import base64
import json
from pathlib import Path
from typing import Any

from queuecast.errors import UnencodableInput


def encode(body: Any) -> bytes:
    """JSON bytes. A `Path`, bytes or a binary file becomes a `data:` URI, an array a nested list.

    Raises UnencodableInput for what JSON cannot hold (NaN too), OSError for an unreadable file.
    """
    try:
        text = json.dumps(body, default=_encode, allow_nan=False, ensure_ascii=False)
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UnencodableInput(f"the input is not JSON: {error}") from error


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


def _encode(value: Any) -> Any:
    if isinstance(value, Path):
        return data_uri(value.read_bytes())
    if isinstance(value, bytes | bytearray | memoryview):
        return data_uri(bytes(value))
    if callable(getattr(value, "tolist", None)):  # numpy and its kin, without importing them
        return value.tolist()
    if callable(getattr(value, "read", None)) and isinstance(content := value.read(), bytes):
        return data_uri(content)
    raise TypeError(f"{type(value).__name__} has no JSON form")
