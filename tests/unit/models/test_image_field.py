import struct
import zlib
from base64 import b64encode
from contextlib import suppress
from io import BytesIO
from random import Random

import pytest
from PIL import Image
from pydantic import BaseModel

from models.contracts import DeclaredContract
from models.image_field import ImageDataUri, image_bytes
from shared.errors import (
    ImageTooLarge,
    InvalidImage,
    InvalidInput,
    UnsupportedImage,
)


class Picture(BaseModel):
    image: ImageDataUri


@pytest.fixture
def check(bundled):
    """Validates a data: URI as the API does."""
    version = bundled.resolve("digits")[1]
    contract = DeclaredContract(Picture, Picture)
    return lambda uri: contract.validate(version, {"image": uri})


@pytest.fixture
def refusal(check):
    def refuse(uri):
        with pytest.raises(InvalidInput) as raised:
            check(uri)
        (field,) = raised.value.errors
        assert field.pointer == "/input/image"
        assert uri not in field.detail
        return raised.value

    return refuse


def encoded(format, size=(40, 30), mode="RGB"):
    file = BytesIO()
    noise = Random(1).randbytes(size[0] * size[1])  # the same in every run
    Image.frombytes("L", size, noise).convert(mode).save(file, format)
    return file.getvalue()


def uri(data, kind="png"):
    return f"data:image/{kind};base64,{b64encode(data).decode()}"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width, height):
    """A whole, tiny file that declares a size; its pixels are not there."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + body


def webp_of(width, height):
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_the_three_formats_are_taken(check, kind, mode):
    check(uri(encoded(kind, mode=mode), kind))


def test_lossless_webp_with_transparency_is_taken(check):
    file = BytesIO()
    Image.new("RGBA", (9, 5)).save(file, "WEBP", lossless=True)
    check(uri(file.getvalue(), "webp"))


def test_a_file_part_of_unknown_type_is_judged_by_its_bytes(check):
    check(f"data:application/octet-stream;base64,{b64encode(encoded('png')).decode()}")


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.95])
def test_truncated_files_are_invalid(refusal, kind, share):
    data = encoded(kind)
    assert type(refusal(uri(data[: int(len(data) * share)], kind))) is InvalidImage


@pytest.mark.parametrize("at", [20, 30, 60, -20])
def test_a_png_with_a_wrong_bit_is_invalid(refusal, at):
    data = bytearray(encoded("png"))
    data[at] ^= 0x10
    assert type(refusal(uri(bytes(data)))) is InvalidImage


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"])
def test_bytes_that_are_no_image_are_invalid(refusal, data):
    assert type(refusal(uri(data))) is InvalidImage


@pytest.mark.parametrize("bomb", [png_of(4001, 4000), png_of(60000, 60000)])
def test_a_png_bomb_is_refused_by_its_header(refusal, bomb):
    error = refusal(uri(bomb))
    assert (type(error), error.status) == (ImageTooLarge, 413)


def test_a_webp_bomb_is_refused_without_allocating_its_canvas(refusal):
    assert type(refusal(uri(webp_of(16383, 16383), "webp"))) is ImageTooLarge


def test_sixteen_megapixels_are_taken(check):
    check(uri(png_of(4000, 4000)))


@pytest.mark.parametrize("format", ["gif", "bmp", "tiff", "ico"])
def test_other_formats_are_unsupported_whatever_they_are_called(refusal, format):
    error = refusal(uri(encoded(format), "png"))
    assert (type(error), error.status) == (UnsupportedImage, 415)


@pytest.mark.parametrize("data", [b"<svg xmlns=''/>", b"\n<?xml version='1.0'?>", b"%!PS-Adobe"])
def test_text_formats_are_unsupported(refusal, data):
    assert type(refusal(uri(data))) is UnsupportedImage


@pytest.mark.parametrize("kind", ["gif", "svg+xml", "tiff", "avif"])
def test_other_media_types_are_unsupported(refusal, kind):
    assert type(refusal(uri(encoded("png"), kind))) is UnsupportedImage


@pytest.mark.parametrize(
    "tail", ["=", "==", "===", "====", "A", "AAA", "AA A", "AAA=A", "ä", "_-_-", "\n"]
)
def test_broken_base64_is_invalid_input(refusal, tail):
    data = encoded("png")
    whole = uri(data + b"\0" * (-len(data) % 3))  # whole groups of four, no padding
    error = refusal(whole + tail)
    assert type(error) is InvalidInput
    assert "base64" in error.detail


@pytest.mark.parametrize("zeros", [0, 1, 2])
def test_base64_is_taken_with_and_without_padding(zeros):
    data = b"\0" * (3 + zeros)
    assert image_bytes(uri(data)) == data


@pytest.mark.parametrize(
    "text", ["", "x", "http://example.org/a.png", "data:,x", "data:text/html,x"]
)
def test_what_is_no_data_uri_is_told_the_form(refusal, text):
    assert "data: URI" in refusal(text + "!").detail


def test_a_picture_that_is_no_string_is_refused(bundled):
    model, version = bundled.resolve("digits")
    with pytest.raises(InvalidInput, match="/input/image: Input should be a valid string"):
        model.validate_input(version, {"image": 5})


def mutated(data, random):
    """A few bytes changed, mostly in the header."""
    broken = bytearray(data)
    for _ in range(random.randint(1, 4)):
        broken[random.randrange(min(len(broken), random.choice([40, 120, len(broken)])))] = (
            random.choice([0, 255, random.randrange(256)])
        )
    return bytes(broken)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_hostile_bytes_are_taken_or_refused_and_never_crash(check, kind):
    random, data = Random(7), encoded(kind)
    for _ in range(400):
        with suppress(InvalidInput):
            check(uri(mutated(data, random), kind))
