"""Files: uploaded by hand, or on the way when they are too large for a body."""

import io
from email.parser import BytesParser
from email.policy import HTTP

import httpx2
import pytest

from queuecast import NotFound, UnencodableInput
from queuecast.files import INLINE_MAX_BYTES

FILE = "0199aaaa-0000-7000-8000-00000000000f"
URL = f"http://elsewhere/api/v1/files/{FILE}"
UPLOADED = 201, {"id": FILE, "name": "a.png", "urls": {"get": URL}}, {}
PNG = b"\x89PNG\r\n\x1a\n"
LARGE = PNG + bytes(INLINE_MAX_BYTES)


def parts(request: httpx2.Request) -> dict[str, bytes]:
    """The parts of the form that was sent."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    form = BytesParser(policy=HTTP).parsebytes(head + request.content)
    return {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
        for part in form.iter_parts()
    }


def test_a_path_is_uploaded_under_its_name(client, script, tmp_path):
    server, path = script(UPLOADED), tmp_path / "ünï.png"
    path.write_bytes(PNG)
    assert client.upload(path, metadata={"a": 1}).url == URL
    assert server.paths == ["POST /api/v1/files"]
    assert parts(server.requests[0]) == {
        "filename": "ünï.png".encode(),
        "type": b"image/png",
        "metadata": b'{"a": 1}',
        "content": PNG,
    }


def test_bytes_and_open_files_are_uploaded_too(client, script):
    server = script(UPLOADED)
    client.upload(b"x\r\n--y", name="n.txt")
    client.upload(io.BytesIO(PNG))
    first, second = map(parts, server.requests)
    assert first == {"filename": b"n.txt", "type": b"text/plain", "content": b"x\r\n--y"}
    assert (second["filename"], second["content"]) == (b"file", PNG)
    with pytest.raises(UnencodableInput):
        client.upload(7)


def test_an_upload_that_got_no_answer_is_sent_again(client, script):
    server = script(httpx2.ConnectError("no"), UPLOADED)
    assert client.upload(b"x").id == FILE
    assert server.requests[0].content == server.requests[1].content


def test_an_uploaded_file_stands_for_itself_in_an_input(client, script, told):
    server = script(UPLOADED, told())
    client.submit("digits", {"image": client.upload(b"x")})
    assert server.body()["input"] == {"image": URL}


@pytest.mark.parametrize("call", ["submit", "predict"])
def test_what_is_too_large_for_a_body_is_uploaded_first(client, script, told, tmp_path, call):
    server, path = script(UPLOADED, told()), tmp_path / "large.png"
    path.write_bytes(LARGE)
    getattr(client, call)("digits", {"image": path, "others": [path, b"small"]})
    assert [one.method for one in server.requests] == ["POST", "PUT"]
    sent = server.body()["input"]
    assert (sent["image"], sent["others"][0]) == (URL, URL)
    assert sent["others"][1].startswith("data:")


def test_many_small_files_are_uploaded_once_a_body_is_full(client, script, told):
    half = bytes(INLINE_MAX_BYTES * 2 // 3)
    server = script(UPLOADED, told())
    client.submit("digits", {"a": io.BytesIO(half), "b": io.BytesIO(half)})
    sent = server.body()["input"]
    assert (sent["a"][:5], sent["b"]) == ("data:", URL)


def test_files_are_listed_over_all_pages(client, script):
    page = {"results": [UPLOADED[1]], "next": "http://elsewhere/api/v1/files?cursor=c&limit=100"}
    server = script((200, page, {}), (200, {"results": [UPLOADED[1]], "next": None}, {}))
    assert [file.id for file in client.files()] == [FILE, FILE]
    assert server.paths[1] == "GET /api/v1/files?cursor=c&limit=100"


def test_a_file_is_deleted_by_itself_or_its_id(client, script, problem):
    server = script(httpx2.Response(204), problem(404, "not-found"))
    client.delete_file(FILE)
    assert server.paths == [f"DELETE /api/v1/files/{FILE}"]
    with pytest.raises(NotFound):
        client.delete_file(FILE)
