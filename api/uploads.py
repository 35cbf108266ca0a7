"""The form in which a file is uploaded: the part `content`, and what is to be known of it."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from api import strict_json
from api.file_names import safe_name, safe_type
from api.json_pointer import moved, pointer
from api.request_body import READ_SECONDS, require_form, too_slow
from api.submission import flat_metadata
from shared.errors import (
    DuplicateKey,
    FieldError,
    InvalidInput,
    PayloadTooLarge,
    RequestError,
    UnknownField,
)
from shared.payloads.trouble import told_as_busy

MAX_FILES = 2
"""The file, and perhaps its metadata: clients in browsers send JSON as a file of its own."""

MAX_PARTS = 24
PART_MAX_BYTES = 8 << 10
FORM_MAX_BYTES = 64 << 10
"""What a form may weigh beside its file."""

SLOWEST_BYTES_PER_SECOND = 64 << 10
"""A file that comes more slowly is not waited for."""

# Some clients write an object into a form key by key.
_METADATA_KEY = re.compile(r"metadata\[([^\[\]]+)\]")


@dataclass(frozen=True, slots=True)
class Upload:
    """`file` stands on the disk of this machine, but for a small one, and goes with the request."""

    file: BinaryIO
    name: str
    content_type: str
    metadata: dict[str, Any]


@asynccontextmanager
async def uploaded(request: Request, max_bytes: int) -> AsyncIterator[Upload]:
    """The upload that a request brings; raises RequestError and BusyError."""
    require_form(request)
    seconds = READ_SECONDS + max_bytes / SLOWEST_BYTES_PER_SECOND
    form = request.form(max_files=MAX_FILES, max_fields=MAX_PARTS, max_part_size=PART_MAX_BYTES)
    try:
        async with asyncio.timeout(seconds):
            with told_as_busy():  # a large file is written to the disk as it comes
                parts = await form
    except TimeoutError:
        raise too_slow(seconds) from None
    except HTTPException:
        raise RequestError("the form cannot be read as one of multipart/form-data") from None
    try:
        yield _upload(parts, max_bytes)
    finally:
        await parts.close()


def _upload(form: FormData, max_bytes: int) -> Upload:
    parts: dict[str, str | UploadFile] = {}
    for name, part in form.multi_items():
        if name in parts:
            raise DuplicateKey("the form has the same part twice")
        parts[name] = part
    content = parts.pop("content", None)
    if not isinstance(content, UploadFile):
        raise _refused("content", "should be a file")
    if (content.size or 0) > max_bytes:
        raise PayloadTooLarge(f"a file has at most {max_bytes} bytes")
    name = _text(parts, "filename") or content.filename or ""
    content_type = _text(parts, "type") or content.content_type or ""
    metadata = _metadata(parts)
    if parts:
        where = pointer(next(iter(parts)))
        detail = "no part of this name is known"
        raise UnknownField(f"{where}: {detail}", errors=[FieldError(where, detail)])
    return Upload(content.file, safe_name(name), safe_type(content_type), metadata)


def _text(parts: dict[str, str | UploadFile], name: str) -> str:
    text = parts.pop(name, "")
    if not isinstance(text, str):
        raise _refused(name, "should be text")
    return text


def _metadata(parts: dict[str, str | UploadFile]) -> dict[str, Any]:
    data = _json(parts.pop("metadata", ""))
    names = [match for name in parts if (match := _METADATA_KEY.fullmatch(name))]
    if not data:
        data = orjson.dumps({match[1]: _text(parts, match[0]) for match in names})
    with moved("", pointer("metadata")):
        value = strict_json.loads(data)
    try:
        return flat_metadata(value)
    except ValueError as error:
        raise _refused("metadata", str(error)) from None


def _json(part: str | UploadFile) -> bytes:
    if isinstance(part, str):
        return part.encode()
    data = part.file.read(PART_MAX_BYTES + 1)
    if len(data) > PART_MAX_BYTES:
        raise _refused("metadata", f"should have at most {PART_MAX_BYTES} bytes")
    return data


def _refused(name: str, detail: str) -> InvalidInput:
    where = pointer(name)
    return InvalidInput(f"{where}: {detail}", errors=[FieldError(where, detail)])
