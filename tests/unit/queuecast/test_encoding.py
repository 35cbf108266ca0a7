"""Files in an input become data: URIs; what JSON cannot hold is refused before it is sent."""

import base64
import io
import json
import math

import numpy as np
import pytest

from queuecast import UnencodableInput
from queuecast.encoding import data_uri, encode

PNG = b"\x89PNG\r\n\x1a\n" + b"rest"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_the_media_type_is_read_from_the_content(content, media_type):
    expected = f"data:{media_type};base64,{base64.b64encode(content).decode()}"
    assert data_uri(content) == expected


def test_paths_bytes_and_files_become_data_uris_anywhere(tmp_path):
    path = tmp_path / "seven.txt"
    path.write_bytes(PNG)
    with path.open("rb") as file:
        sent = json.loads(encode({"a": path, "b": [PNG, bytearray(PNG)], "c": (file,)}))
    uri = data_uri(PNG)
    assert sent == {"a": uri, "b": [uri, uri], "c": [uri]}


def test_arrays_become_nested_lists():
    assert json.loads(encode([np.ones((2, 1)), np.float32(2)])) == [[[1.0], [1.0]], 2.0]


@pytest.mark.parametrize("value", [math.nan, math.inf, object(), io.StringIO("text"), "\ud800"])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(UnencodableInput):
        encode({"x": value})


def test_an_input_that_holds_itself_is_refused():
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(UnencodableInput):
        encode(circle)


def test_a_bad_input_is_refused_before_anything_is_sent(client, server):
    with pytest.raises(ValueError, match="not JSON"):
        client.submit("digits", math.nan)
    assert server.requests == []


def test_a_missing_file_is_an_os_error(client, server, tmp_path):
    with pytest.raises(FileNotFoundError):
        client.submit("digits", {"image": tmp_path / "none.png"})
    assert server.requests == []
