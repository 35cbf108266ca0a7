import pytest
from starlette.requests import Request

from api.cache_control import CacheControl, read_cache_control

EITHER = CacheControl(reuse=True, keep=True)
OWN_RUN = CacheControl(reuse=False, keep=True)
NOTHING_KEPT = CacheControl(reuse=False, keep=False)


def read(*headers: str) -> CacheControl:
    sent = [(b"cache-control", header.encode()) for header in headers]
    return read_cache_control(Request({"type": "http", "headers": sent}))


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("no-cache", OWN_RUN),
        ("No-Cache", OWN_RUN),
        ("max-age=0", OWN_RUN),
        (" no-cache , max-age=0", OWN_RUN),
        ("no-transform,no-cache", OWN_RUN),
        ("no-store", NOTHING_KEPT),
        ("NO-STORE", NOTHING_KEPT),
        ("no-cache, no-store", NOTHING_KEPT),
        ("max-age=60", EITHER),
        ("max-stale", EITHER),
        ("no-cached", EITHER),
        ("no cache", EITHER),
        ("", EITHER),
        (",;=,", EITHER),
    ],
)
def test_a_request_says_what_may_answer_it(header: str, wanted: CacheControl) -> None:
    assert read(header) == wanted


def test_several_headers_are_one_list() -> None:
    assert read("max-age=60", "no-store") == NOTHING_KEPT


def test_who_says_nothing_takes_any_answer() -> None:
    assert read() == EITHER
