import subprocess
import sys
from contextlib import nullcontext

import pytest

from deploy.local.paths import ROOT
from shared.backlog.entries import Entry, decode
from shared.telemetry import tracing

GIVEN = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_it_is_off_and_what_makes_spans_is_not_even_imported() -> None:
    program = "import sys, api.app, workers.app, workers.predict, workers.record, workers.deliver;"
    program += "from shared.telemetry import tracing; assert tracing.active() is None;"
    program += "print([name for name in sys.modules if 'opentelemetry.sdk.trace' in name])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (GIVEN, GIVEN.decode()),
        (b"", None),
        (GIVEN + b"\r\n", None),
        (GIVEN.upper(), None),
        (b"00-" + b"0" * 32 + b"-b7ad6b7169203331-01", None),
        (b"01" + GIVEN[2:], None),
        (b"\xff" * 55, None),
    ],
)
def test_a_webhook_tells_the_client_s_own_context_on(given: bytes, kept: str | None) -> None:
    assert tracing.of_request([(b"traceparent", given)], calls_back=True) == kept
    assert tracing.of_request([(b"traceparent", given)], calls_back=False) is None


def test_without_tracing_nothing_is_done_around_a_job(new_job) -> None:
    job = new_job(traceparent=GIVEN.decode()).snapshot(1024)
    assert isinstance(tracing.step("preprocess", job, lambda: 1 / 0, 2.0), nullcontext)
    assert isinstance(tracing.batch("predict", lambda: 1 / 0, 2.0), nullcontext)


def test_a_webhook_is_sent_with_what_its_job_carries() -> None:
    with tracing.sending(GIVEN.decode(), "h") as (headers, tell):
        tell(200)
    assert headers == {"traceparent": GIVEN.decode()}
    with tracing.sending(None, "h") as (headers, _):
        assert headers == {}


def test_an_entry_carries_the_context_and_one_without_has_no_field_for_it(new_job) -> None:
    traced, plain = new_job(traceparent=GIVEN.decode()), new_job()
    for job, carried in ((traced, GIVEN.decode()), (plain, None)):
        header = Entry(job.snapshot(1024)).header()
        assert decode({b"h": header, b"p": b""}).job.get("traceparent") == carried
        assert (b"traceparent" in header) == (carried is not None)
