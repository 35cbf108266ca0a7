from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from queuecast import Retries
from queuecast.retries import retry_after_seconds


def response(status=503, **headers):
    return httpx2.Response(status, headers={k.replace("_", "-"): v for k, v in headers.items()})


def test_the_jitter_is_full_and_the_backoff_is_capped():
    asked = []
    retries = Retries(attempts=99, jitter=lambda least, most: asked.append((least, most)) or 0.0)
    for attempt in (1, 2, 30):
        retries.pause_seconds(attempt, response())
    assert asked == [(0.0, 0.25), (0.0, 0.5), (0.0, 8.0)]


def test_the_default_jitter_stays_within_its_bounds():
    pauses = [Retries().pause_seconds(3, response()) for _ in range(200)]
    assert 0 <= min(pauses) < max(pauses) <= 1.0


@pytest.mark.parametrize("value", ["", "soon", "inf", "nan"])
def test_a_retry_after_that_is_none_is_ignored(value):
    assert retry_after_seconds(response(retry_after=value)) is None


def test_a_retry_after_may_be_a_date():
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 25 < retry_after_seconds(response(retry_after=later)) <= 30


def test_a_date_that_is_over_means_now():
    assert retry_after_seconds(response(retry_after="Wed, 21 Oct 2015 07:28:00 GMT")) == 0


@pytest.mark.parametrize(
    "answer",
    [
        response(500),
        response(404),
        response(409),
        response(507),
        httpx2.UnsupportedProtocol("x"),
        httpx2.LocalProtocolError("x"),
    ],
)
def test_what_another_try_cannot_cure_is_taken(answer):
    assert Retries().pause_seconds(1, answer) is None
