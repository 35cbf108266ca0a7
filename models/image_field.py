"""`ImageDataUri`: the pydantic type of an image in an input.

The API checks the envelope and the header; pixels are decoded by the workers (`image_pixels.py`).
"""

import re
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from pathlib import Path
from typing import Annotated

from pydantic import WithJsonSchema
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError

from models.image_header import BrokenImage, ForeignFormat, read_header

MAX_PIXELS = 16_000_000
# A file part of unknown type arrives as octet-stream: its bytes decide.
TAKEN_MEDIA_TYPES = frozenset({"png", "jpeg", "jpg", "webp"})
ENVELOPE = re.compile(r"data:(image/([a-z0-9.+-]{1,40})|application/octet-stream);base64,")


def image_bytes(uri: str) -> bytes:
    """The file inside a `data:` URI. Raises PydanticCustomError naming what is wrong."""
    envelope = ENVELOPE.match(uri[:100])
    if envelope is None:
        raise PydanticCustomError(
            "invalid_image",
            "should be a data: URI such as data:image/png;base64,… or the URL of an uploaded file",
        )
    if envelope[2] and envelope[2] not in TAKEN_MEDIA_TYPES:
        raise PydanticCustomError("unsupported_image", "images are taken as PNG, JPEG or WEBP")
    text = uri[envelope.end() :]
    try:
        # Strict mode lets any padding pass behind a whole group of four.
        if len(text) % 4 or text.endswith("==="):
            raise Base64Error
        return a2b_base64(text, strict_mode=True)
    except (Base64Error, ValueError):
        raise PydanticCustomError(
            "invalid_base64", "the base64 of the data: URI is broken"
        ) from None


def _checked(uri: str) -> str:
    try:
        header = read_header(image_bytes(uri))
    except ForeignFormat as error:
        raise PydanticCustomError(
            "unsupported_image",
            "this is {format}; images are taken as PNG, JPEG or WEBP",
            {"format": str(error)},
        ) from None
    except BrokenImage as error:
        raise PydanticCustomError("invalid_image", "{reason}", {"reason": str(error)}) from None
    if header.width * header.height > MAX_PIXELS:
        raise PydanticCustomError("image_too_large", "an image has at most 16 megapixels")
    if not header.width or not header.height:
        raise PydanticCustomError("invalid_image", "the image has no pixels")
    return uri


ImageDataUri = Annotated[
    str,
    AfterValidator(_checked),
    WithJsonSchema(
        {
            "type": "string",
            "format": "uri",
            "pattern": "^(data:image/(png|jpeg|jpg|webp);base64,|https?://)",
            "description": "PNG, JPEG or WEBP, at most 16 megapixels: a `data:` URI, or the URL "
            "of an uploaded file.",
        }
    ),
]


def data_uri(file: Path) -> str:
    """A PNG, JPEG or WEBP file as a `data:` URI; the suffix names the media type."""
    kind = file.suffix.lstrip(".").lower().replace("jpg", "jpeg")
    return f"data:image/{kind};base64,{b64encode(file.read_bytes()).decode()}"
