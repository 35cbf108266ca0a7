from base64 import urlsafe_b64encode

import pytest

from api.cursors import decode_cursor, encode_cursor, read_edge
from shared.errors import InvalidParameter

ID = "0192f0c1-5a3e-7b00-8000-000000000000"


def test_cursor_comes_back_as_it_went() -> None:
    cursor = encode_cursor(["older", "2026-01-01", "id"], "predictions", "acme")
    assert decode_cursor({"cursor": cursor}, "predictions", "acme") == ["older", "2026-01-01", "id"]


def test_cursor_of_another_list_is_refused() -> None:
    cursor = encode_cursor(["older", "2026-01-01", "id"], "predictions", "acme")
    with pytest.raises(InvalidParameter):
        decode_cursor({"cursor": cursor}, "predictions", "emca")


def test_no_cursor_is_the_beginning() -> None:
    assert decode_cursor({}, "predictions") is None


def test_a_cursor_that_somebody_made_up_is_refused() -> None:
    deep = urlsafe_b64encode(b'["x",' + b"[" * 300 + b"]" * 300 + b"]").decode()
    with pytest.raises(InvalidParameter):
        decode_cursor({"cursor": deep}, "files", "acme")


def test_a_cursor_with_what_no_database_takes_is_refused() -> None:
    cursor = encode_cursor(["\0"], "endpoints", "acme")
    with pytest.raises(InvalidParameter):
        decode_cursor({"cursor": cursor}, "endpoints", "acme")


NO_PLACES = [[], ["soon", ID], ["2026-01-01T00:00:00Z", "x"], ["", ID, ""]]


@pytest.mark.parametrize("position", NO_PLACES)
def test_what_is_no_place_in_a_list_is_refused(position: list[str]) -> None:
    with pytest.raises(InvalidParameter):
        read_edge(position)
