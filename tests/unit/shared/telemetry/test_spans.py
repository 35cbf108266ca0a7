from collections.abc import Callable

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.telemetry import spans as module
from shared.telemetry.spans import Spans

TRACE = "0af7651916cd43dd8448eb211c80319c"
SAMPLED, LEFT_OUT = f"00-{TRACE}-b7ad6b7169203331-01", f"00-{TRACE}-b7ad6b7169203331-00"


@pytest.fixture
def made(monkeypatch) -> tuple[Spans, Callable[[], list[ReadableSpan]]]:
    """Spans, and what they exported, as soon as each has ended."""
    monkeypatch.setattr(module, "BatchSpanProcessor", SimpleSpanProcessor)
    exporter = InMemorySpanExporter()
    return Spans("predict", exporter), lambda: list(exporter.get_finished_spans())


def test_an_error_is_named_without_what_it_says(made) -> None:
    spans, exported = made
    with pytest.raises(ValueError), spans.step("preprocess", SAMPLED, 1.0, 2.0):
        raise ValueError("the client's secret")
    _, step = exported()
    assert (step.attributes, step.status.is_ok) == ({"error.type": "ValueError"}, False)
    assert "secret" not in step.to_json()


def test_what_the_client_does_not_want_recorded_is_not(made) -> None:
    spans, exported = made
    with spans.step("preprocess", LEFT_OUT, 1.0, 2.0):
        pass
    with spans.batch("predict", [(LEFT_OUT, 1.0)], 1, 2.0):
        pass
    with spans.sending(LEFT_OUT, "h") as (told, _):
        assert told.startswith(f"00-{TRACE}-") and told.endswith("-00")
    assert exported() == []


def test_a_batch_stands_in_the_trace_of_the_first_that_is_recorded(made) -> None:
    spans, exported = made
    with spans.batch("predict", [(LEFT_OUT, 1.0), (SAMPLED, 1.0)], 5, 2.0):
        pass
    names = [span.name for span in exported()]
    assert names == ["predict batch", "queue", "predict"]
    batch = exported()[0]
    assert batch.attributes == {"queuecast.batch.jobs": 5}
    assert len(batch.links) == 2


def test_a_clock_that_went_back_makes_no_negative_wait(made) -> None:
    spans, exported = made
    with spans.step("preprocess", SAMPLED, 2.0, 1.0):
        pass
    wait = exported()[0]
    assert wait.start_time == wait.end_time == 2_000_000_000


def test_a_webhook_that_was_refused_is_an_error(made) -> None:
    spans, exported = made
    for status in (204, 500, None):
        with spans.sending(SAMPLED, "h") as (_, tell):
            tell(status)
    assert [span.status.is_ok for span in exported()] == [True, False, False]


def test_a_process_says_which_it_is(made) -> None:
    spans, exported = made
    with spans.request("GET", {}):
        assert int((spans.current() or "0").rpartition("-")[2], 16) & 1
    assert exported()[0].resource.attributes["service.name"] == "queuecast-predict"
