from shared.domain.rate_limits import Policy, limit_reached

REQUESTS = Policy("requests", 50, 1)
JOBS = Policy("jobs", 100, unit="concurrent-requests")
BYTES = Policy("bytes", 10**9, 86_400, "content-bytes")


def test_a_refusal_names_all_limits_and_the_one_that_was_reached() -> None:
    error = limit_reached("too many", [REQUESTS, JOBS, BYTES], JOBS, 2.01)
    assert error.headers == {
        "RateLimit-Policy": (
            '"requests";q=50;w=1, "jobs";q=100;qu="concurrent-requests", '
            '"bytes";q=1000000000;w=86400;qu="content-bytes"'
        ),
        "RateLimit": '"jobs";r=0;t=3',
    }
    assert error.retry_after_seconds == 3


def test_nobody_is_told_to_come_back_at_once() -> None:
    assert limit_reached("", [REQUESTS], REQUESTS, 0.0).retry_after_seconds == 1
