"""What an image's own header says, and whether its bytes are all there; no pixel is decoded.

PNG and JPEG headers are read by Pillow's parsers (about 20 µs). WEBP is read here: Pillow's reader
would allocate the whole declared canvas first.
"""

import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

from PIL import JpegImagePlugin, PngImagePlugin

Format = Literal["png", "jpeg", "webp"]

FOREIGN_MARKS = {
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"%!PS": "EPS",
    b"%PDF": "PDF",
    b"<svg": "SVG",
    b"<?xml": "SVG",
    b"8BPS": "PSD",
    b"\0\0\1\0": "ICO",
    b"\0\0\0\x0cjP": "JPEG 2000",
}
# Whoever sends broken metadata could fill the log with Pillow's warnings about it.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


class BrokenImage(ValueError):
    """The bytes claim to be an image and are not a whole one."""


class ForeignFormat(ValueError):
    """An image of a format that is not taken; the message is the format's name."""


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """Declared size in pixels."""

    format: Format
    width: int
    height: int


def read_header(data: bytes) -> ImageHeader:
    """Raises BrokenImage for no image or a truncated one, ForeignFormat for other formats."""
    found = format_of(data)
    return ImageHeader(found, *SIZE_READERS[found](data))


def format_of(data: bytes) -> Format:
    """By the first bytes, whatever the sender called it. Raises as `read_header` does."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    start = data[:64].lstrip()
    for mark, name in FOREIGN_MARKS.items():
        if start.startswith(mark):
            raise ForeignFormat(name)
    if data[4:8] == b"ftyp":
        raise ForeignFormat("AVIF or HEIC")
    raise BrokenImage("these bytes are not an image")


def _png_size(data: bytes) -> tuple[int, int]:
    """Every chunk's checksum is compared; a cut file lacks its last chunk."""
    try:
        image = PngImagePlugin.PngImageFile(BytesIO(data))
        size = image.size
        image.verify()
    except Exception as error:  # on hostile bytes Pillow raises a dozen types
        raise BrokenImage("the PNG is broken or truncated") from error
    return size


def _jpeg_size(data: bytes) -> tuple[int, int]:
    try:
        size = JpegImagePlugin.JpegImageFile(BytesIO(data)).size
    except Exception as error:  # as above
        raise BrokenImage("the JPEG is broken") from error
    # An embedded preview has an end marker too, before the last start of scan.
    if data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda"):
        raise BrokenImage("the JPEG is truncated")
    return size


def _webp_size(data: bytes) -> tuple[int, int]:
    if int.from_bytes(data[4:8], "little") + 8 > len(data) or len(data) < 30:
        raise BrokenImage("the WEBP is truncated")
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    raise BrokenImage("the WEBP is broken")


SIZE_READERS: dict[Format, Callable[[bytes], tuple[int, int]]] = {
    "png": _png_size,
    "jpeg": _jpeg_size,
    "webp": _webp_size,
}
