import asyncio
import hashlib
import json
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from api.cursors import encode_cursor
from shared.files.table import file_table
from shared.payloads.references import of_file
from shared.settings import Settings

FILES = "/api/v1/files"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"file_max_bytes": 3_000_000})


@pytest.fixture
def upload(client: TestClient) -> Any:
    def run(content: bytes = b"data", name: str = "a.png", **parts: Any) -> Any:
        files = {"content": (name, content, "image/png")} | {
            part: (None, value) for part, value in parts.items()
        }
        return client.post(FILES, files=files)

    return run


def test_an_uploaded_file_is_described(upload: Any) -> None:
    answer = upload(b"data", metadata='{"customer": 123}')
    file = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (201, file["urls"]["get"])
    assert (file["name"], file["content_type"], file["size"]) == ("a.png", "image/png", 4)
    checksum = hashlib.sha256(b"data").hexdigest()
    assert (file["etag"], file["checksums"]) == (checksum, {"sha256": checksum})
    assert file["metadata"] == {"customer": 123}
    assert file["created_at"] < file["expires_at"]


def test_a_file_is_read_again(client: TestClient, upload: Any) -> None:
    file = upload().json()
    assert client.get(file["urls"]["get"]).json() == file
    assert client.get(file["urls"]["content"]).content == b"data"
    assert client.get(FILES).json() == {"next": None, "previous": None, "results": [file]}


def test_a_large_file_comes_back_whole(client: TestClient, upload: Any) -> None:
    content = bytes(range(256)) * 9000  # more than is held in memory on its way
    assert client.get(upload(content).json()["urls"]["content"]).content == content


def test_content_is_never_shown_by_a_browser(client: TestClient, upload: Any) -> None:
    page = upload(b"<script>alert(1)</script>", "a.html", type="text/html; charset=utf-8").json()
    headers = client.get(page["urls"]["content"]).headers
    assert headers["Content-Disposition"].startswith('attachment; filename="a.html"')
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["Content-Type"] == "text/html"


def test_content_that_was_seen_is_not_sent_again(client: TestClient, upload: Any) -> None:
    url = upload().json()["urls"]["content"]
    seen = client.get(url).headers["ETag"]
    assert client.get(url, headers={"If-None-Match": seen}).status_code == 304


def test_parts_beside_the_file_name_and_describe_it(upload: Any) -> None:
    parts = {"filename": "b.txt", "type": "text/plain", "metadata[a]": "1", "metadata[b]": "x"}
    file = upload(b"x", **parts).json()
    assert (file["name"], file["content_type"]) == ("b.txt", "text/plain")
    assert file["metadata"] == {"a": "1", "b": "x"}


def test_metadata_may_come_as_a_file_of_its_own(client: TestClient) -> None:
    """As browsers send a Blob, and with them Replicate's client for JavaScript."""
    parts = {"content": ("a", b"x"), "metadata": ("blob", b'{"a":1}', "application/json")}
    answer = client.post(FILES, files=parts)
    assert (answer.status_code, answer.json()["metadata"]) == (201, {"a": 1})


def test_a_deleted_file_is_gone(client: TestClient, container: Any, upload: Any) -> None:
    file = upload().json()
    answer = client.delete(file["urls"]["get"])
    assert (answer.status_code, answer.content) == (204, b"")
    assert not container.blobs.holds(of_file(file["id"]))
    for url in file["urls"].values():
        assert client.get(url).status_code == 404
    assert client.delete(file["urls"]["get"]).status_code == 404


def test_files_come_in_pages(client: TestClient, upload: Any) -> None:
    ids = [upload().json()["id"] for _ in range(3)]
    seen, url = [], f"{FILES}?limit=2"
    while url:
        page = client.get(url).json()
        seen += [one["id"] for one in page["results"]]
        url = page["next"]
    assert seen == ids[::-1]


@pytest.mark.parametrize("change", [{"tenant": "other"}, {"expires_at": None}])
def test_files_of_others_and_of_yesterday_are_none(
    client: TestClient, container: Any, upload: Any, change: dict[str, Any]
) -> None:
    file = upload().json()
    if "expires_at" in change:
        change = {"expires_at": container.clock.now() - timedelta(seconds=1)}
    with container.engine.begin() as connection:
        connection.execute(update(file_table).values(**change))
    for url in file["urls"].values():
        assert client.get(url).status_code == 404
    assert client.delete(file["urls"]["get"]).status_code == 404
    assert client.get(FILES).json()["results"] == []


def form(*parts: tuple[str, Any]) -> dict[str, Any]:
    return {"files": list(parts)}


CONTENT = ("content", ("a", b"x"))


@pytest.mark.parametrize(
    ("request_", "status", "kind"),
    [
        (form(("metadata", (None, "{}"))), 422, "invalid-input"),
        (form(("content", (None, "text"))), 422, "invalid-input"),
        (form(CONTENT, ("metadata", (None, "[]"))), 422, "invalid-input"),
        (form(CONTENT, ("metadata", (None, '{"a": {}}'))), 422, "invalid-input"),
        (form(CONTENT, ("metadata", (None, '{"a": "\\u0000"}'))), 422, "invalid-input"),
        (form(CONTENT, ("metadata[a]", (None, "\0"))), 422, "invalid-input"),
        (form(CONTENT, ("metadata", (None, "{"))), 400, "malformed-json"),
        (form(CONTENT, ("metadata", (None, json.dumps({"a": "x" * 5000})))), 422, "invalid-input"),
        (form(CONTENT, ("colour", (None, "red"))), 422, "unknown-field"),
        (form(CONTENT, ("type", (None, "a/b")), ("type", (None, "c/d"))), 400, "duplicate-key"),
        (form(CONTENT, ("metadata", ("b", b"{"))), 400, "malformed-json"),
        (form(CONTENT, ("metadata", ("b", b" " * 9000))), 422, "invalid-input"),
        (form(CONTENT, ("type", ("b", b"image/png"))), 422, "invalid-input"),
        (form(CONTENT, ("other", ("b", b"y"))), 422, "unknown-field"),
        (form(CONTENT, ("b", ("b", b"y")), ("c", ("c", b"y"))), 400, "bad-request"),
        (form(CONTENT, ("type", (None, "x" * 9000))), 400, "bad-request"),
        (form(("content", ("a", b"x" * 3_000_001))), 413, "payload-too-large"),
        (form(("content", ("a", b"x" * 3_100_000))), 413, "payload-too-large"),
        ({"json": {"content": "x"}}, 415, "unsupported-media-type"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 400, "bad-request"),
    ],
)
def test_an_upload_is_refused(
    client: TestClient, container: Any, request_: dict[str, Any], status: int, kind: str
) -> None:
    answer = client.post(FILES, **request_)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    assert client.get(FILES).json()["results"] == []
    assert list(Path(container.settings.blobs_dir).glob("files/*")) == []


@pytest.mark.parametrize("path", ["x", "01890a5d-ac96-774b-bcce-b302099a8057", "x/content"])
def test_what_is_not_there(client: TestClient, path: str) -> None:
    assert client.get(f"{FILES}/{path}").status_code == 404


def test_without_its_disk_nothing_is_taken(client: TestClient, container: Any, upload: Any) -> None:
    container.settings.blobs_dir.mkdir()
    (container.settings.blobs_dir / "files").write_text("no folder")
    answer = upload()
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert client.get(FILES).json()["results"] == []


def test_a_cursor_that_somebody_made_up_is_refused(client: TestClient) -> None:
    cursor = encode_cursor(["soon", "x"], "files", "default")
    answer = client.get(FILES, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-parameter")


def test_only_so_many_files_are_taken_in_at_a_time(client: TestClient, upload: Any) -> None:
    services = client.app.state.services
    most = services.container.settings.uploads_max
    with ExitStack() as begun:
        for _ in range(most):
            begun.enter_context(services.uploads.one_of(most))
        answer = upload()
    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many-uploads")
    assert upload().status_code == 201


def test_one_tenant_does_not_take_all_room_for_files(keyed: Any) -> None:
    slots, most = keyed.client.app.state.services.uploads, keyed.container.settings.uploads_max
    with ExitStack() as begun:
        for _ in range(most // 2):
            begun.enter_context(slots.one_of(most, "acme"))
        statuses = [
            keyed.client.post(
                FILES, files={"content": b"x"}, headers=keyed.headers(one)
            ).status_code
            for one in ("acme", "other")
        ]
    assert statuses == [429, 201]


def open_files() -> list[str]:
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.append(str(descriptor.readlink()))
    return found


def test_an_upload_that_breaks_off_leaves_nothing(
    client: TestClient, monkeypatch: Any, tmp_path: Path
) -> None:
    """What had come of it stands in a file without a name, which ends with the request."""
    folder, sent = tmp_path / "uploads", []
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    begun = b'--b\r\nContent-Disposition: form-data; name="content"; filename="a"\r\n\r\n'
    body = {"type": "http.request", "body": begun + b"x" * 2_000_000, "more_body": True}
    waiting = [body, {"type": "http.disconnect"}]

    async def receive() -> Any:
        assert any(str(folder) in one for one in open_files()) is (body not in waiting)
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": FILES, "query_string": b""}
    scope |= {"headers": [(b"content-type", b"multipart/form-data; boundary=b")]}
    asyncio.run(client.app(scope, receive, send))
    assert (sent, list(folder.iterdir())) == ([], [])
    assert [one for one in open_files() if str(folder) in one] == []
    assert client.app.state.services.uploads._taken.total() == 0
