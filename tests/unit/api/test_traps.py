from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from shared.db.engine import writing
from shared.jobs.table import job_table

DIGITS = "/api/v1/models/digits/predictions"


@pytest.mark.parametrize("charset", ["raw_unicode_escape", "utf-7", "UTF-16", '"latin-1"'])
@pytest.mark.parametrize("part", [b'name="model"\r\n\r\n\\ud800', b'name="\\ud800"\r\n\r\n1'])
def test_a_form_is_taken_in_utf8_only(client: TestClient, charset: str, part: bytes) -> None:
    body = b"--x\r\nContent-Disposition: form-data; " + part + b"\r\n--x--\r\n"
    media_type = f"multipart/form-data; boundary=x; charset={charset}"
    answer = client.post(DIGITS, content=body, headers={"Content-Type": media_type})
    assert answer.status_code == 415


def test_a_form_may_say_that_it_is_utf8(client: TestClient) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="colour"\r\n\r\n1\r\n--x--\r\n'
    media_type = "multipart/form-data; charset=UTF-8; boundary=x"
    answer = client.post(DIGITS, content=body, headers={"Content-Type": media_type})
    assert answer.json()["type"] == "/problems/unknown-field"


def test_an_input_whose_blob_is_gone_is_not_found(
    client: TestClient, container: Any, wine: Any
) -> None:
    made = client.post("/api/v1/predictions", json={"model": "wine", "input": wine}).json()
    with writing(container.engine) as connection:
        lost = {"input": None, "input_ref": f"inputs/{'0' * 36}"}
        connection.execute(update(job_table).values(lost))
    answer = client.get(made["urls"]["input"])
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
