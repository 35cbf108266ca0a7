"""Forms: `input` as JSON, and files that stand for input fields of their part's name.

curl -F image=@three.png http://host/api/v1/models/digits/predictions
"""

from base64 import b64encode
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from api import strict_json
from api.json_pointer import pointer
from shared.errors import DuplicateKey, FieldError, InvalidInput, RequestError, UnknownField

MAX_PARTS = 32

JSON_PARTS = frozenset({"input", "metadata", "deadline_seconds", "stream", "webhook_events_filter"})
TEXT_PARTS = frozenset({"model", "version", "priority", "webhook", "webhook_completed"})


async def read_form(request: Request) -> dict[str, Any]:
    """The body that would say the same in JSON; its size is bounded like any other's."""
    part_max_bytes = request.app.state.services.container.settings.body_max_bytes
    try:
        async with request.form(
            max_files=MAX_PARTS, max_fields=MAX_PARTS, max_part_size=part_max_bytes
        ) as form:
            return await _read_parts(form)
    except HTTPException:
        raise RequestError("the form cannot be read as multipart/form-data") from None


async def _read_parts(form: FormData) -> dict[str, Any]:
    body: dict[str, Any] = {}
    files: dict[str, str] = {}
    for name, part in form.multi_items():
        if name in body or name in files:
            raise DuplicateKey("the form has the same part twice")
        content = await part.read() if isinstance(part, UploadFile) else part.encode()
        if name in JSON_PARTS:
            body[name] = _json(name, content)
        elif isinstance(part, UploadFile):
            files[name] = data_uri(content)
        elif name in TEXT_PARTS:
            body[name] = part
        else:
            raise _unknown(name)
    return body | _with_files(body, files)


def _with_files(body: dict[str, Any], files: dict[str, str]) -> dict[str, Any]:
    if not files:
        return {}
    fields = body.get("input", {})
    if not isinstance(fields, dict):
        detail = "should be an object when files come with it"
        raise InvalidInput(f"/input: {detail}", errors=[FieldError("/input", detail)])
    twice = next(iter(fields.keys() & files.keys()), None)
    if twice is not None:
        raise DuplicateKey("a field of the input came as a file too")
    return {"input": fields | files}


def _json(name: str, content: bytes) -> Any:
    try:
        return strict_json.loads(content)
    except InvalidInput as error:
        error.errors = tuple(
            FieldError(pointer(name) + one.pointer, one.detail) for one in error.errors
        )
        raise
    except RequestError as error:
        error.detail = f"part '{name}': {error.detail}"
        raise


def _unknown(name: str) -> UnknownField:
    where = pointer(name)
    detail = "no part of this name is known; input fields stand in the part 'input' or are files"
    return UnknownField(f"{where}: {detail}", errors=[FieldError(where, detail)])


def data_uri(content: bytes) -> str:
    """The media type is read from the first bytes: what the client claims does not count."""
    return f"data:{_media_type(content)};base64,{b64encode(content).decode()}"


def _media_type(content: bytes) -> str:
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return "application/octet-stream"
