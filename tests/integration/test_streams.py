"""Server-sent events of the running system, read as any client would."""

from collections.abc import Iterator

import httpx2
import orjson
import pytest

from queuecast import Client

SLOW = {"x": 1.0, "predict": "sleep", "seconds": 0.6}


@pytest.fixture
def read(system) -> Iterator[object]:
    """The events of a prediction's stream: id, name and data of each."""

    def events(job_id: str, query: str = "", last: str = "") -> Iterator[tuple[str, str, bytes]]:
        url = f"{system.state['api_url']}/api/v1/predictions/{job_id}/stream{query}"
        with httpx2.stream("GET", url, headers={"Last-Event-ID": last}, timeout=30) as answer:
            told: dict[str, str] = {}
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                told[name] = value
                if not line:
                    yield told["id"], told["event"], told["data"].encode()

    return events


def test_stages_are_told_while_they_last(client: Client, read) -> None:
    job = client.submit("fragile", SLOW | {"x": 11.0, "preprocess": "sleep"})
    told = [event_id for event_id, _, _ in read(job.id, "?events=all")]
    assert told[-6:] == [
        "1-start", "1-preprocessing", "1-predicting", "1-output", "1-completed", "1-done",
    ]  # fmt: skip


def test_by_default_only_the_end_is_told(client: Client, read) -> None:
    job = client.submit("fragile", SLOW | {"x": 12.0})
    told = [(name, orjson.loads(data)) for _, name, data in read(job.id)]
    assert told == [("output", {"y": 24.0, "padding": ""}), ("done", {})]


def test_a_stream_goes_on_where_it_broke_off(client: Client, read) -> None:
    job = client.submit("fragile", SLOW | {"x": 13.0})
    last = next(one for one, name, _ in read(job.id, "?events=all") if name == "start")
    told = [name for _, name, _ in read(job.id, "?events=all", last)]
    assert [name for name in told if name != "stage"] == ["output", "completed", "done"]
    assert [name for _, name, _ in read(job.id, "", "1-output")] == ["done"]


def test_a_large_output_is_told_by_its_url(client: Client, read) -> None:
    job = client.submit("fragile", {"x": 14.0, "padding": 100_000})
    _, name, data = next(iter(read(job.id)))
    assert name == "output"
    assert len(httpx2.get(data.decode()).json()["padding"]) == 100_000
