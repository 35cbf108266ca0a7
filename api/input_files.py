"""Uploaded files in an input: where one's URL stands, the job gets its content.

Only files that are kept here are meant. No URL is ever fetched, and another tenant's file is none.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from starlette.requests import Request

from api.dependencies import services, tenant
from api.json_pointer import pointer
from api.links import API, own_bases
from api.multipart import data_uri
from api.submission import Submission
from api.usage_limits import use_bytes
from shared.errors import FieldError, InputTooLarge, InvalidInput, NotFound
from shared.files.files import File, Files

MAX_FILES = 32
"""In one input; one that stands there twice counts twice."""

_MARK = f"{API}/files/".encode()
_SHORT = 4096
_COLONS = 32
_PATH = re.compile(r"/files/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:/content)?")


@dataclass(slots=True)
class Room:
    """Bytes that inputs may still grow by; a data: URI is a third longer than its file."""

    left: int

    def take(self, size: int) -> None:
        self.left -= size * 4 // 3
        if self.left < 0:
            raise InputTooLarge("the input is too large with the content of its files")


@dataclass(frozen=True, slots=True)
class _Place:
    """A URL in an input that is one of a file here."""

    pointer: str
    url: str
    file_id: str


def may_name_files(wanted: Submission) -> bool:
    """Cheap, and for nearly every input the answer: False is certain."""
    data = wanted.input_json
    if len(data) > _SHORT and _is_without_url(data):
        return False
    return _MARK in data


def _is_without_url(data: bytes) -> bool:
    """Base64 has no colon, and one byte is found 80 times as fast as several: of a picture of
    64 KiB in 1 µs."""
    start = 0
    for _ in range(_COLONS):
        start = data.find(b":", start) + 1
        if not start:
            return True
        if data.startswith(b"//", start):
            return False
    return False


async def with_files(request: Request, wanted: Submission, room: Room) -> Submission:
    """The submission with content for URLs, as if it had been sent so.

    Raises InvalidInput for a file that is not there, InputTooLarge, RateLimited, and BusyError.
    """
    here = services(request).container
    places = list(_places(wanted.input, own_bases(request, here.settings)))
    if not places:
        return wanted
    if len(places) > MAX_FILES:
        raise InvalidInput(f"an input names at most {MAX_FILES} files")
    ids = {place.file_id for place in places}
    found = await asyncio.to_thread(here.files.find, tenant(request), ids)
    for place in places:
        if place.file_id not in found:
            raise _missing(place)
    # Before a byte of it is read: one upload could be named in any number of jobs.
    size = sum(found[place.file_id].size for place in places)
    room.take(size)
    await use_bytes(request.scope, here, size)
    return await asyncio.to_thread(_filled, here.files, wanted, places, found)


def _filled(
    files: Files, wanted: Submission, places: Sequence[_Place], found: Mapping[str, File]
) -> Submission:
    by_url = {place.url: place for place in places}
    uris = {url: _uri(files, found[place.file_id], place) for url, place in by_url.items()}
    value = _replaced(wanted.input, uris)
    return replace(wanted, input=value, input_json=orjson.dumps(value))


def _uri(files: Files, file: File, place: _Place) -> str:
    """As a form makes it of a file, so that the same content is the same input."""
    try:
        return data_uri(files.content(file))
    except NotFound:
        raise _missing(place) from None


def _places(value: Any, bases: Sequence[str], *path: str | int) -> Iterator[_Place]:
    if isinstance(value, str):
        for base in bases:
            if value.startswith(base) and (match := _PATH.fullmatch(value, len(base))):
                yield _Place(pointer("input", *path), value, match[1])
                return
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _places(part, bases, *path, name)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _places(part, bases, *path, index)


def _replaced(value: Any, uris: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return uris.get(value, value)
    if isinstance(value, dict):
        return {name: _replaced(part, uris) for name, part in value.items()}
    if isinstance(value, list):
        return [_replaced(part, uris) for part in value]
    return value


def _missing(place: _Place) -> InvalidInput:
    detail = "there is no file at this URL, or not any more"
    return InvalidInput(f"{place.pointer}: {detail}", errors=[FieldError(place.pointer, detail)])
