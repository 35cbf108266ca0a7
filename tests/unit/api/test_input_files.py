import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from api.app import create_app
from api.input_files import may_name_files
from api.multipart import data_uri
from shared.container import Container
from shared.files.table import file_table
from shared.settings import BUNDLED_MODELS_DIR

DIGITS = "/api/v1/models/digits/predictions"


@pytest.fixture
def digit() -> bytes:
    samples: list[Path] = sorted((BUNDLED_MODELS_DIR / "digits" / "samples").glob("*.png"))
    return samples[0].read_bytes()


@pytest.fixture
def file(client: TestClient, digit: bytes) -> Any:
    return client.post("/api/v1/files", files={"content": ("digit.png", digit)}).json()


def refusal(client: TestClient, url: str, pointer: str = "/input/image") -> tuple[int, str]:
    answer = client.post(DIGITS, json={"input": {"image": url}})
    assert answer.json()["errors"][0]["pointer"] == pointer
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


@pytest.mark.parametrize("name", ["get", "content"])
def test_a_url_stands_for_the_content(
    client: TestClient, container: Any, file: Any, digit: bytes, name: str
) -> None:
    answer = client.post(DIGITS, json={"input": {"image": file["urls"][name]}})
    assert answer.status_code == 202
    [move] = container.backlogs.moves
    assert json.loads(move.entry.payload) == {"image": data_uri(digit)}


def test_the_job_outlives_the_file(client: TestClient, file: Any, digit: bytes) -> None:
    job = client.post(DIGITS, json={"input": {"image": file["urls"]["get"]}}).json()
    client.delete(file["urls"]["get"])
    assert client.get(job["urls"]["input"]).json() == {"image": data_uri(digit)}


def test_the_same_content_is_the_same_input(
    client: TestClient, file: Any, digit: bytes, rows: Any
) -> None:
    again = client.post("/api/v1/files", files={"content": ("other.name", digit)}).json()
    for url in (file["urls"]["get"], again["urls"]["content"], data_uri(digit)):
        assert client.post(DIGITS, json={"input": {"image": url}}).status_code == 202
    client.post(DIGITS, files={"image": ("d.png", digit)})
    assert len({row["input_hash"] for row in rows()}) == 1


def test_a_key_with_the_file_again_gives_the_same_job(client: TestClient, file: Any) -> None:
    request: dict[str, Any] = {
        "json": {"input": {"image": file["urls"]["get"]}},
        "headers": {"Idempotency-Key": "once"},
    }
    first, second = (client.post(DIGITS, **request).json()["id"] for _ in range(2))
    assert first == second


@pytest.mark.parametrize("change", ["tenant", "deleted", "unknown"])
def test_a_file_that_is_not_there_is_refused(
    client: TestClient, container: Any, file: Any, nothing_happened: Any, change: str
) -> None:
    url = file["urls"]["get"]
    if change == "deleted":
        client.delete(url)
    elif change == "unknown":
        url = url[:-1] + ("0" if url[-1] != "0" else "1")
    else:
        with container.engine.begin() as connection:
            connection.execute(update(file_table).values(tenant="other"))
    assert refusal(client, url) == (422, "invalid-input")
    nothing_happened()


@pytest.mark.parametrize(
    "url",
    [
        "http://elsewhere/api/v1/files/{id}",
        "https://testserver/api/v1/files/{id}",
        "http://testserver@elsewhere/api/v1/files/{id}",
        "http://testserver/api/v1/files/{id}/../x",
        "http://testserver/api/v1/files/{id}?x",
        "/api/v1/files/{id}",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
    ],
)
def test_no_other_url_is_one_of_a_file(
    client: TestClient, file: Any, nothing_happened: Any, url: str
) -> None:
    assert refusal(client, url.format(id=file["id"])) == (422, "invalid-image")
    nothing_happened()


def test_files_count_before_they_are_read(
    client: TestClient, container: Any, nothing_happened: Any
) -> None:
    large = client.post("/api/v1/files", files={"content": ("x", bytes(4000))}).json()
    container.blobs.delete(f"files/{large['id']}")  # to read it would be a refusal of its own
    answer = client.post(
        "/api/v1/predictions", json={"model": "wine", "input": {"a": large["urls"]["get"]}}
    )
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/input-too-large")
    nothing_happened()


def test_an_input_names_a_bounded_number_of_files(client: TestClient, file: Any) -> None:
    answer = client.post(DIGITS, json={"input": {"image": [file["urls"]["get"]] * 33}})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-input")


@pytest.mark.parametrize(
    ("input_json", "may"),
    [
        (b'{"a":"http://h/api/v1/files/x"}', True),
        (b'{"a":1}', False),
        (b'{"a":"data:image/png;base64,' + b"/api" * 9000 + b'"}', False),
        (b'{"a":"data:x,' + b"A" * 9000 + b'","b":"http://h/api/v1/files/x"}', True),
        (b"[" + b'{"a":1},' * 900 + b'"http://h/api/v1/files/x"]', True),
        (b"[" + b'{"a":1},' * 900 + b'"http://h/x"]', False),
    ],
)
def test_it_is_soon_seen_that_an_input_names_no_file(input_json: bytes, may: bool) -> None:
    assert may_name_files(SimpleNamespace(input_json=input_json)) is may  # type: ignore[arg-type]


def test_behind_a_proxy_both_addresses_name_the_file(
    container: Container, registry: Any, digit: bytes
) -> None:
    public = container.settings.model_copy(update={"public_url": "https://ml.example/queue/"})
    object.__setattr__(container, "settings", public)
    with TestClient(create_app(container, registry)) as client:
        file = client.post("/api/v1/files", files={"content": ("d.png", digit)}).json()
        url = f"https://ml.example/queue/api/v1/files/{file['id']}"
        assert file["urls"] == {"get": url, "content": f"{url}/content"}
        inside = f"http://testserver/api/v1/files/{file['id']}"
        for image in (url, inside):
            assert client.post(DIGITS, json={"input": {"image": image}}).status_code == 202


def test_each_input_of_a_bulk_may_name_files(
    client: TestClient, container: Any, file: Any, digit: bytes
) -> None:
    url = file["urls"]["get"]
    inputs = [{"image": url}, {"image": url[:-1] + "x"}, {"image": data_uri(digit)}]
    answer = client.post(
        "/api/v1/predictions/bulk", json={"model": "digits", "inputs": inputs}
    ).json()
    assert (answer["accepted"], answer["refused"]) == (2, 1)
    assert answer["results"][1]["problem"]["errors"][0]["pointer"] == "/inputs/1/image"
    assert {move.entry.payload for move in container.backlogs.moves} == {
        json.dumps({"image": data_uri(digit)}, separators=(",", ":")).encode()
    }


def test_the_files_of_a_bulk_count_together(container: Container, registry: Any, digit: bytes):
    room = 4 * len(digit)
    object.__setattr__(
        container, "settings", container.settings.model_copy(update={"bulk_max_bytes": room})
    )
    with TestClient(create_app(container, registry)) as client:
        file = client.post("/api/v1/files", files={"content": ("d.png", digit)}).json()
        body = {"model": "digits", "inputs": [{"image": file["urls"]["get"]}] * 5}
        answer = client.post("/api/v1/predictions/bulk", json=body).json()
    kinds = [one.get("problem", {}).get("type") for one in answer["results"]]
    assert kinds[0] is None
    assert kinds[-1] == "/problems/input-too-large"
