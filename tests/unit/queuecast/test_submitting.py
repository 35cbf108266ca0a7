"""Submits: one id, whatever happens on the way."""

import uuid

import httpx2
import pytest

from queuecast import ConnectionFailed, IdMismatch, RateLimited, Unavailable


def test_submit_puts_the_prediction_under_a_fresh_uuid7(client, script, told):
    server = script(told("starting"))
    assert client.submit("digits", {"x": 1}).status == "starting"
    method, path = server.paths[0].split()
    assert (method, path.rpartition("/")[0]) == ("PUT", "/api/v1/predictions")
    assert uuid.UUID(path.rpartition("/")[2]).version == 7
    assert server.body() == {"model": "digits", "input": {"x": 1}}
    assert server.requests[0].headers["authorization"] == "Bearer secret"


def test_submit_sends_only_the_options_that_were_given(client, script, told):
    server = script(told("starting"))
    own = uuid.uuid4()
    client.submit("a:1", 0, id=own, priority="high", deadline_seconds=5, metadata={"k": 1})
    assert server.paths == [f"PUT /api/v1/predictions/{own}"]
    assert server.body() == {
        "model": "a:1",
        "priority": "high",
        "deadline_seconds": 5,
        "metadata": {"k": 1},
        "input": 0,
    }


def test_a_digest_is_sent_as_the_version(client, script, told):
    server = script(told())
    client.submit("ab" * 32, 1)
    assert server.body() == {"version": "ab" * 32, "input": 1}


@pytest.mark.parametrize(
    "trouble",
    [httpx2.ConnectError("refused"), httpx2.ReadTimeout(""), httpx2.RemoteProtocolError("cut")],
)
def test_a_lost_connection_is_tried_again_with_the_same_id(client, script, told, trouble):
    server = script(trouble, trouble, told("starting"))
    client.submit("digits", {"x": 1})
    assert len(server.requests) == 3
    assert len({(request.url, request.content) for request in server.requests}) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again_after_its_retry_after(
    client, script, told, problem, *, fake_time, status
):
    server = script(problem(status, "busy", headers={"retry-after": "7"}), told("starting"))
    client.submit("digits", {})
    assert fake_time.pauses == [7.25]
    assert server.paths[0] == server.paths[1]


def test_a_submit_still_being_committed_is_asked_for_again(client, script, told, problem):
    server = script(problem(409, "idempotency-conflict"), told())
    client.submit("digits", {})
    assert len(server.requests) == 2


def test_pauses_double_and_end_after_six_tries(client, script, fake_time):
    server = script(httpx2.ConnectError("refused"))
    with pytest.raises(ConnectionFailed, match=r"cannot reach http://queuecast.test/: refused"):
        client.submit("digits", {})
    assert fake_time.pauses == [0.25, 0.5, 1.0, 2.0, 4.0]
    assert len(server.requests) == 6


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, Unavailable)])
def test_a_server_that_stays_busy_is_told_of_in_the_end(client, script, problem, status, kind):
    script(problem(status, "busy", detail="later"))
    with pytest.raises(kind, match="later"):
        client.submit("digits", {})


def test_a_retry_after_of_minutes_is_left_to_the_caller(client, script, problem, fake_time):
    script(problem(429, "queue-full", headers={"retry-after": "600"}))
    with pytest.raises(RateLimited) as caught:
        client.submit("digits", {})
    assert caught.value.retry_after_seconds == 600
    assert fake_time.pauses == []


@pytest.mark.parametrize("own", ["mine", "../models", ""])
def test_an_id_that_is_no_uuid_is_never_sent(client, server, own):
    with pytest.raises(ValueError, match="UUID"):
        client.submit("digits", {}, id=own)
    assert server.requests == []


def test_a_refusal_is_never_tried_again(client, script, problem):
    server = script(problem(422, "idempotency-mismatch"))
    with pytest.raises(IdMismatch):
        client.submit("digits", {})
    assert len(server.requests) == 1
