"""Inputs and outputs as they are stored: JSON that nobody parses on its way out."""

import asyncio

from starlette.responses import Response

from shared.errors import JobInputGone, NotFound, Unavailable
from shared.payloads.blobs import Blobs


async def stored_payload(
    blobs: Blobs, data: bytes | None, reference: str | None, *, missing: str
) -> Response:
    """`data`, or what stands in the blob store; raises NotFound(`missing`) and Unavailable."""
    if data is None and reference is not None:
        data = await stored_bytes(blobs, reference)
    if data is None:
        raise NotFound(missing)
    return Response(data, media_type="application/json")


async def stored_bytes(blobs: Blobs, reference: str) -> bytes | None:
    """What stands in the blob store, None where it is gone; raises Unavailable."""
    return await asyncio.to_thread(_read, blobs, reference)


def _read(blobs: Blobs, reference: str) -> bytes | None:
    try:
        return blobs.get(reference)
    except JobInputGone:
        return None
    except OSError as error:
        raise Unavailable("the blob store cannot be used now", retry_after_seconds=5) from error
