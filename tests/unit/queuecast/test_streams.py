"""Streams: events in order, each once, over as many connections as it takes."""

import httpx2
import pytest

from queuecast import ApiError, ConnectionFailed, NotFound, UnexpectedAnswer
from queuecast.events import LASTING_SECONDS

JOB = "0199aaaa-0000-7000-8000-000000000001"
STREAM = f"GET /api/v1/predictions/{JOB}/stream"
OUTPUT = 'id: 1-output\nevent: output\ndata: {"label":7}\n\n'
DONE = "id: 1-done\nevent: done\ndata: {}\n\n"


def events(*parts: str) -> httpx2.Response:
    headers = {"content-type": "text/event-stream"}
    return httpx2.Response(200, content="".join(parts).encode(), headers=headers)


def read(client, **options):
    return [(event.name, event.data) for event in client.stream(JOB, **options)]


def test_events_are_read_to_the_last(client, script):
    server = script(events(":\n", OUTPUT, ":\n", DONE))
    assert read(client) == [("output", {"label": 7}), ("done", {})]
    assert server.paths == [STREAM]
    assert server.requests[0].headers["accept"] == "text/event-stream"


def test_every_event_is_asked_for(client, script):
    server = script(events('id: 1-queued\nevent: stage\ndata: {"stage":"queued"}\n\n', DONE))
    assert read(client, every=True)[0] == ("stage", {"stage": "queued"})
    assert server.paths == [f"{STREAM}?events=all"]


def test_a_stream_that_breaks_off_goes_on_behind_the_last_event(client, script):
    server = script(events(OUTPUT, "id: 1-done\nevent: do"), httpx2.ReadError("gone"), events(DONE))
    assert [name for name, _ in read(client)] == ["output", "done"]
    seen = [request.headers.get("last-event-id") for request in server.requests]
    assert seen == [None, "1-output", "1-output"]


def test_a_busy_server_is_asked_again(client, script, problem, fake_time):
    busy = problem(429, "too-many-streams", headers={"retry-after": "5"})
    script(busy, events(DONE))
    assert read(client) == [("done", {})]
    assert fake_time.pauses[0] >= 5


def test_what_the_server_refuses_is_raised(client, script, problem):
    script(problem(404, "not-found"))
    with pytest.raises(NotFound):
        read(client)


@pytest.mark.parametrize("answer", [lambda: events(":\n"), lambda: httpx2.ConnectError("no")])
def test_a_stream_that_never_tells_anything_is_given_up(client, script, answer):
    server = script(*(answer() for _ in range(9)))
    with pytest.raises(ConnectionFailed):
        read(client)
    assert len(server.requests) == 6


def test_a_stream_that_ends_after_a_long_while_is_opened_again_for_ever(
    client, script, server, fake_time, monkeypatch
):
    ends = [events(":\n") for _ in range(20)]
    script(*ends, events(DONE))
    answer = server.__call__

    def slow(request):
        fake_time.now += LASTING_SECONDS
        return answer(request)

    monkeypatch.setattr(type(server), "__call__", lambda _, request: slow(request))
    assert read(client) == [("done", {})]


def test_a_large_output_is_fetched_from_the_server_we_know(client, script):
    elsewhere = "id: 1-output\nevent: output\ndata: http://elsewhere/x/output\n\n"
    server = script(events(elsewhere, DONE), httpx2.Response(200, json=[1, 2]))
    assert read(client)[0] == ("output", [1, 2])
    assert server.paths[1] == f"GET /api/v1/predictions/{JOB}/output"


def test_an_event_without_json_is_no_event_of_queuecast(client, script):
    script(events("id: 1-done\nevent: done\ndata: <html>\n\n"))
    with pytest.raises(UnexpectedAnswer):
        read(client)


def test_a_redirect_is_not_followed(client, script):
    script(httpx2.Response(302, headers={"location": "http://elsewhere/"}))
    with pytest.raises((UnexpectedAnswer, ApiError)):
        read(client)
