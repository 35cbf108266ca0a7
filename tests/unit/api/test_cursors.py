import pytest

from api.cursors import decode_cursor, encode_cursor
from shared.errors import InvalidParameter


def test_cursor_comes_back_as_it_went() -> None:
    cursor = encode_cursor(["older", "2026-01-01", "id"], "predictions", "acme")
    assert decode_cursor({"cursor": cursor}, "predictions", "acme") == ["older", "2026-01-01", "id"]


def test_cursor_of_another_list_is_refused() -> None:
    cursor = encode_cursor(["older", "2026-01-01", "id"], "predictions", "acme")
    with pytest.raises(InvalidParameter):
        decode_cursor({"cursor": cursor}, "predictions", "emca")


def test_no_cursor_is_the_beginning() -> None:
    assert decode_cursor({}, "predictions") is None
