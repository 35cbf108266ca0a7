from base64 import b64encode
from io import BytesIO
from random import Random

import numpy as np
import pytest
from PIL import Image

from models.image_pixels import grey_pixels
from shared.errors import JobFailed

INK, PAPER = (7, 15), (0, 0)


@pytest.fixture
def sheet():
    """40 x 30, black bar on white."""
    image = Image.new("L", (40, 30), 255)
    image.paste(0, (4, 4, 24, 12))
    return image


def uri(image, format="PNG", **options):
    file = BytesIO()
    image.save(file, format, **options)
    return f"data:image/{format.lower()};base64,{b64encode(file.getvalue()).decode()}"


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA"])
def test_every_colour_mode_becomes_grey(sheet, mode):
    grey = grey_pixels(uri(sheet.convert(mode)), 256)
    assert (grey.shape, grey.dtype, grey[INK], grey[PAPER]) == ((30, 40), np.uint8, 0, 255)


@pytest.mark.parametrize("format", ["JPEG", "WEBP"])
def test_lossy_formats_come_close(sheet, format):
    grey = grey_pixels(uri(sheet.convert("RGB"), format), 256)
    assert grey[INK] < 20
    assert grey[PAPER] > 235


def test_cmyk_and_sixteen_bits_are_read(sheet):
    deep = Image.fromarray(np.asarray(sheet).astype(np.uint16) * 257)
    for text in (uri(sheet.convert("CMYK"), "JPEG"), uri(deep)):
        grey = grey_pixels(text, 256)
        assert grey[INK] < 20
        assert grey[PAPER] > 235


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_paper_is_white(sheet, mode):
    image = Image.new("RGBA", sheet.size, (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (4, 4, 24, 12))
    image = image.quantize(4) if mode == "P" else image.convert(mode)
    grey = grey_pixels(uri(image), 256)
    assert (grey[INK], grey[PAPER]) == (0, 255)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_the_orientation_of_the_camera_is_undone(sheet, format):
    exif = Image.Exif()
    exif[0x0112] = 6
    grey = grey_pixels(uri(sheet, format, exif=exif), 256)
    assert grey.shape == (40, 30)
    assert grey[14, 22] < 20


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_large_pictures_are_shrunk(format):
    assert grey_pixels(uri(Image.new("L", (3000, 1500)), format), 256).shape == (128, 256)


@pytest.mark.parametrize("cut", [30, 60, 200])
def test_pixels_that_are_broken_fail_the_job(cut):
    noise = Image.frombytes("L", (64, 64), Random(1).randbytes(64 * 64))
    whole = uri(noise)
    broken = whole[: -cut - len(whole) % 4]
    with pytest.raises(JobFailed) as failed:
        grey_pixels(broken[: len(broken) - (len(broken) - whole.index(",") - 1) % 4], 256)
    assert failed.value.code == "invalid_image"


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_broken_metadata_does_not_break_the_picture(sheet):
    exif = b"Exif\0\0II*\0\x08\0\0\0\x05\0\x0f\x01\x02\0\xff\xff"
    assert grey_pixels(uri(sheet, "JPEG", exif=exif), 256)[INK] < 20
