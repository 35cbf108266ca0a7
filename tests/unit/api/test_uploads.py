import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from api import uploads
from shared.errors import RequestTimeout, StorageFull

FORM = b'--x\r\nContent-Disposition: form-data; name="content"; filename="a"\r\n\r\n'


def receive(*chunks: bytes) -> Any:
    """Says the chunks, and then nothing more."""
    left = list(chunks)

    async def next_message() -> dict[str, Any]:
        if not left:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": left.pop(0), "more_body": True}

    return next_message


def upload(*chunks: bytes) -> None:
    headers = [(b"content-type", b"multipart/form-data; boundary=x")]
    request = Request({"type": "http", "headers": headers}, receive(*chunks))

    async def run() -> None:
        async with uploads.uploaded(request, 10):
            pass

    asyncio.run(run())


def test_a_file_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "READ_SECONDS", 0.02)
    with pytest.raises(RequestTimeout):
        upload(FORM, b"half of it")


def test_a_disk_that_is_full_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("starlette.datastructures.UploadFile.write", no_space)
    with pytest.raises(StorageFull):
        upload(FORM, b"some of it")
