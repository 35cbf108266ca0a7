from time import perf_counter

import pytest
from starlette.requests import Request

from api.prefer import wanted_wait
from api.request_limits import HEADERS_MAX_BYTES


def wait(*headers: str) -> float:
    sent = [(b"prefer", header.encode()) for header in headers]
    return wanted_wait(Request({"type": "http", "headers": sent}), 60.0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("wait=5", 5),
        ("wait = 5", 5),
        ('wait="5"', 5),
        ("Wait=5", 5),
        ("respond-async, wait=5", 5),
        ("wait=5; foo=bar, return=minimal", 5),
        ("wait", 60),
        ("wait=3600", 60),
        ("wait=5, wait=6", 5),
        ('wait=""', 60),
        ('note="a, wait=9, b", wait=5', 5),
        (r'note="say \", wait=9", wait=5', 5),
        ('return=minimal; note="a, wait=9", wait=5', 5),
        ('wait="5', 0),
        ('"wait=9", wait=5', 5),
        ("respond-async", 0),
        ("wait=-5", 0),
        ("wait=1e3", 0),
        ("wait=soon", 0),
        ("wait=²", 0),
        ("waiting=5", 0),
        ("", 0),
        (",,;=", 0),
    ],
)
def test_a_preference_is_read_as_the_rfc_says(header: str, seconds: float) -> None:
    assert wait(header.encode().decode("latin-1")) == seconds


def test_several_headers_are_one_list() -> None:
    assert wait("respond-async", "wait=7") == 7


def test_nothing_preferred_is_nothing_waited() -> None:
    assert wait() == 0


@pytest.mark.parametrize("part", [" ", '\\"', "=", ";", ',"', "a "])
def test_no_header_takes_long_to_read(part: str) -> None:
    began = perf_counter()
    for begin in ("a", 'a="', 'a;b="', 'a "'):
        wait(begin + part * (HEADERS_MAX_BYTES // len(part)) + "b c")
    assert perf_counter() - began < 0.5
