"""Sessions of the web page, where keys are asked for."""

import asyncio
import re
from functools import partial
from time import process_time
from typing import Any

import pytest
from cryptography.fernet import Fernet
from starlette.requests import Request

from api import request_body
from api.web.routes.sign_in import FIELDS_MAX, FORM, sign_in
from api.web.sessions import COOKIE, LASTS_SECONDS, session
from shared.errors import RequestTimeout

PAGE = {"Accept": "text/html"}


@pytest.fixture
def signed_in(keyed: Any) -> Any:
    """Calling it signs in with a new key, and gives the answer."""
    keyed.container.settings.secrets_key_file.write_bytes(Fernet.generate_key())

    def sign_in(key: str | None = None, following: str = "/jobs", **headers: str) -> Any:
        fields = {"key": keyed.key() if key is None else key, "next": following}
        return keyed.client.post("/sign-in", data=fields, headers=headers, follow_redirects=False)

    return sign_in


def token(keyed: Any) -> str:
    found = re.search(r'data-token="(\w*)"', keyed.client.get("/jobs", headers=PAGE).text)
    assert found is not None
    return found[1]


def test_who_has_no_key_is_asked_for_one(keyed: Any) -> None:
    answer = keyed.client.get("/jobs?model=wine", headers=PAGE, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fjobs%3Fmodel%3Dwine"


def test_a_part_of_a_page_moves_the_whole_page(keyed: Any) -> None:
    answer = keyed.client.get("/jobs", headers=PAGE | {"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (200, "/sign-in?next=%2Fjobs")


def test_the_key_is_sealed_in_a_cookie_that_no_script_reads(signed_in: Any, keyed: Any) -> None:
    key = keyed.key()
    answer = signed_in(key)
    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/jobs")
    assert {"HttpOnly", "SameSite=strict", f"Max-Age={LASTS_SECONDS}"} <= set(cookie.split("; "))
    assert key not in cookie
    assert keyed.client.get("/jobs", headers=PAGE).status_code == 200
    assert keyed.client.get("/api/v1/predictions").status_code == 200


def test_a_wrong_key_is_told_on_the_form(signed_in: Any) -> None:
    answer = signed_in("queuecast_wrong")
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
    assert "opens nothing" in answer.text
    assert "queuecast_wrong" not in answer.text


def test_guessing_is_slowed_down_as_it_is_elsewhere(signed_in: Any) -> None:
    said = [signed_in("queuecast_wrong").text for _ in range(21)]
    assert "too many wrong keys" in said[-1]


def test_another_site_signs_nobody_in(signed_in: Any) -> None:
    assert signed_in(**{"Sec-Fetch-Site": "cross-site"}).status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://testserver", 303), ("http://evil.example", 403), ("null", 403)],
)
def test_without_tls_the_origin_tells_whose_form_it_is(
    signed_in: Any, origin: str, status: int
) -> None:
    assert signed_in(Origin=origin).status_code == status


def test_a_form_full_of_fields_is_not_read(signed_in: Any, keyed: Any) -> None:
    answer = keyed.client.post("/sign-in", data={f"a{n}": "" for n in range(FIELDS_MAX + 1)})
    assert answer.status_code == 400


def test_a_form_that_does_not_come_is_not_waited_for(keyed: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(request_body, "READ_SECONDS", 0.01)
    headers = [(b"content-type", FORM.encode())]
    scope = {"type": "http", "headers": headers, "app": keyed.client.app}
    with pytest.raises(RequestTimeout):
        asyncio.run(sign_in(Request(scope, partial(asyncio.sleep, 5))))


def test_no_cookie_takes_long_to_read() -> None:
    began = process_time()
    escapes = b"\\a" * 30_000
    for cookie in (b'%s="%s"', b'x="%s"; y=%s', b"%s=%s=!"):
        value = cookie % (COOKIE.encode(), escapes)
        assert session({"type": "http", "headers": [(b"cookie", value)]}) == ""
    assert process_time() - began < 2  # the standard library took 7 s for the first


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example/", "/api/v1/models", ""]
)
def test_nobody_is_sent_elsewhere(signed_in: Any, wanted: str) -> None:
    assert signed_in(following=wanted).headers["location"] == "/"


def test_a_change_names_its_session(signed_in: Any, keyed: Any, submission: Any) -> None:
    signed_in()
    post = keyed.client.post
    assert post("/api/v1/predictions", json=submission).status_code == 403
    wrong = {"X-Session-Token": "0" * 64}
    assert post("/api/v1/predictions", json=submission, headers=wrong).status_code == 403
    right = {"X-Session-Token": token(keyed)}
    assert post("/api/v1/predictions", json=submission, headers=right).status_code == 202


def test_the_scopes_of_the_key_count(signed_in: Any, keyed: Any, submission: Any) -> None:
    signed_in(keyed.key(scopes="read"))
    headers = {"X-Session-Token": token(keyed)}
    answer = keyed.client.post("/api/v1/predictions", json=submission, headers=headers)
    assert (answer.status_code, "scope predict" in answer.json()["detail"]) == (403, True)


def test_signing_out_forgets_the_key(signed_in: Any, keyed: Any) -> None:
    signed_in()
    answer = keyed.client.post("/sign-out", headers={"X-Session-Token": token(keyed)})
    assert answer.headers["hx-redirect"] == "/sign-in"
    assert COOKIE not in keyed.client.cookies


@pytest.mark.parametrize("forged", ["x", "gAAAAA", 'a"b', "x" * 3000])
def test_a_forged_session_is_none(signed_in: Any, keyed: Any, forged: str) -> None:
    answer = keyed.client.get("/api/v1/models", headers={"Cookie": f"{COOKIE}={forged}"})
    assert answer.status_code == 401


def test_what_else_is_sealed_is_no_session(signed_in: Any, keyed: Any) -> None:
    cipher = Fernet(keyed.container.settings.secrets_key_file.read_bytes())
    sealed = cipher.encrypt(keyed.key().encode()).decode()
    answer = keyed.client.get("/api/v1/models", headers={"Cookie": f"{COOKIE}={sealed}"})
    assert answer.status_code == 401


def test_where_no_keys_are_asked_for_nobody_signs_in(client: Any) -> None:
    assert client.get("/sign-in", headers=PAGE).status_code == 404
