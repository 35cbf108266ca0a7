"""Decodes the pixels of an image that the API has checked. For workers only."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image, ImageOps
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from models.image_field import image_bytes
from models.image_header import Format, format_of
from shared.domain.failures import Failure
from shared.errors import JobFailed

# The header was checked by the API; asking Image.open to guess again costs as much as decoding.
READERS: dict[Format, Callable[[BytesIO], ImageFile]] = {
    "png": PngImageFile,
    "jpeg": JpegImageFile,
    "webp": WebPImageFile,
}
PAPER = 255


def grey_pixels(uri: str, longest_side: int) -> np.ndarray:
    """uint8 [height, width], 0 black to 255 white, upright, on white where transparent.

    Larger images are shrunk to `longest_side` pixels. Raises JobFailed(invalid_image).
    """
    try:
        return np.asarray(_decoded(image_bytes(uri), longest_side))
    except Exception as error:  # on hostile bytes Pillow raises a dozen types
        raise JobFailed(Failure.INVALID_IMAGE, "the image cannot be decoded") from error


def _decoded(data: bytes, longest_side: int) -> Image.Image:
    image: Image.Image = READERS[format_of(data)](BytesIO(data))
    image.draft("L", (longest_side, longest_side))
    if max(image.size) > longest_side:
        image.thumbnail((longest_side, longest_side), Image.Resampling.BOX)
    # Reading the orientation parses all of EXIF; most images have none.
    if "exif" in image.info:
        image = ImageOps.exif_transpose(image)
    return _on_paper(image)


def _on_paper(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image if image.mode == "L" else image.convert("L")
    layer = image.convert("LA")
    paper = Image.new("L", image.size, PAPER)
    paper.paste(layer.getchannel("L"), mask=layer.getchannel("A"))
    return paper
