import pytest
from starlette.requests import Request

from api.idempotency_key import read_key


@pytest.mark.parametrize(
    ("sent", "key"),
    [(b"abc", "abc"), (b'"abc"', "abc"), (rb'"a\"b\\"', 'a"b\\'), (b"k" * 255, "k" * 255)],
)
def test_quoted_and_bare_keys_are_read(sent: bytes, key: str) -> None:
    request = Request({"type": "http", "headers": [(b"idempotency-key", sent)]})
    assert read_key(request) == key


def test_no_header_is_no_key() -> None:
    assert read_key(Request({"type": "http", "headers": []})) is None
