"""Bulk submits: portions, their keys, and what becomes of each input."""

import httpx2
import pytest

from queuecast import (
    ConnectionFailed,
    InvalidInput,
    InvalidRequest,
    ModelNotFound,
    Prediction,
    Unavailable,
    UnencodableInput,
    UnexpectedAnswer,
)

REFUSED = {
    "type": "/problems/invalid-input",
    "title": "T",
    "status": 422,
    "detail": "/inputs/1/x: Field is required",
    "errors": [{"pointer": "/inputs/1/x", "detail": "Field is required"}],
}
BUSY = {"type": "/problems/unavailable", "title": "T", "status": 503, "detail": "later"}


def kind(outcome):
    """A job is a prediction; errors by their class."""
    return Prediction if isinstance(outcome, Prediction) else type(outcome)


def bulk(*results):
    """Ids of predictions, and problems."""
    told = [
        {"problem": one}
        if isinstance(one, dict)
        else {"prediction": {"id": one, "status": "starting"}}
        for one in results
    ]
    return 202, {"accepted": 0, "refused": 0, "results": told}, {}


def numbered(count):
    return bulk(*(f"j{number}" for number in range(count)))


def keys(server):
    return [request.headers["idempotency-key"] for request in server.requests]


def test_all_travel_in_one_request(client, script):
    server = script(bulk("a", "b"))
    jobs = client.submit_many("wine", [{"x": 1}, [2]], priority="low", metadata={"k": 1})
    assert [job.id for job in jobs] == ["a", "b"]
    assert server.paths == ["POST /api/v1/predictions/bulk"]
    assert server.body() == {
        "model": "wine", "priority": "low", "metadata": {"k": 1}, "inputs": [{"x": 1}, [2]],
    }  # fmt: skip
    assert server.requests[0].headers["content-type"] == "application/json"


def test_a_refused_input_is_its_error(client, script):
    script(bulk("a", REFUSED, "b"))
    first, error, last = client.submit_many("wine", [1, 2, 3])
    assert (first.id, last.id) == ("a", "b")
    assert isinstance(error, InvalidInput)
    assert (error.status, error.errors[0].pointer) == (422, "/input/x")
    assert str(error) == "/input/x: Field is required"


def test_no_input_is_no_request(client, server):
    assert client.submit_many("wine", []) == []
    assert server.requests == []


def test_a_thousand_inputs_make_a_request(client, script):
    server = script(numbered(1000), numbered(1000), numbered(1))
    assert len(client.submit_many("wine", (number for number in range(2001)))) == 2001
    assert [len(server.body(place)["inputs"]) for place in range(3)] == [1000, 1000, 1]
    assert server.body(2)["inputs"] == [2000]
    assert len(set(keys(server))) == 3


def test_eight_megabytes_make_a_request(client, script):
    server = script(numbered(2), numbered(1))
    assert len(client.submit_many("digits", ["x" * (4 << 20)] * 1 + ["x" * (3 << 20)] * 2)) == 3
    assert [len(server.body(place)["inputs"]) for place in range(2)] == [2, 1]


@pytest.mark.parametrize("trouble", [httpx2.ReadTimeout(""), (503, {}, {})])
def test_a_request_is_sent_again_under_its_key(client, script, trouble):
    server = script(trouble, bulk("a"))
    assert client.submit_many("wine", [1])[0].id == "a"
    assert len(server.requests) == 2
    assert len({request.content for request in server.requests}) == len(set(keys(server))) == 1


def test_a_server_too_busy_for_a_part_is_asked_again(client, script, fake_time):
    server = script(bulk("a", BUSY, REFUSED), bulk("a", "b", REFUSED))
    jobs = client.submit_many("wine", [1, 2, 3])
    assert [kind(job) for job in jobs] == [Prediction, Prediction, InvalidInput]
    assert len(set(keys(server))) == 1
    assert fake_time.pauses == [0.25]


def test_a_server_that_stays_busy_is_told_of_in_the_end(client, script):
    server = script(bulk("a", BUSY))
    _, error = client.submit_many("wine", [1, 2])
    assert isinstance(error, Unavailable)
    assert len(server.requests) == 6


def test_an_input_that_is_no_json_is_refused_here(client, script, tmp_path):
    script(bulk("a", "b"))
    jobs = client.submit_many("wine", [1, {object()}, float("nan"), tmp_path / "none.png", 2])
    assert [kind(job) for job in jobs] == [
        Prediction, UnencodableInput, UnencodableInput, UnencodableInput, Prediction,
    ]  # fmt: skip
    assert "none.png" in str(jobs[3])


def test_what_concerns_all_is_raised(client, script, problem):
    server = script(problem(404, "model-not-found"))
    with pytest.raises(ModelNotFound):
        client.submit_many("burgundy", range(1500))
    assert len(server.requests) == 1


def test_what_was_accepted_is_not_forgotten(client, script):
    server = script(numbered(1000), httpx2.ConnectError("gone"))
    jobs = client.submit_many("wine", range(2500))
    assert all(isinstance(job, Prediction) for job in jobs[:1000])
    assert len(jobs) == 2500
    assert {type(job) for job in jobs[1000:]} == {ConnectionFailed}
    assert len(server.requests) == 1 + 6  # nothing is tried for the last five hundred


def test_what_is_too_large_for_the_server_goes_in_halves(client, script, problem):
    large = problem(413, "payload-too-large")
    server = script(large, numbered(2), large, bulk("c"), large)
    jobs = client.submit_many("wine", [1, 2, 3, 4])
    assert [kind(job) for job in jobs] == [Prediction] * 3 + [InvalidRequest]
    assert [server.body(place)["inputs"] for place in range(5)] == [
        [1, 2, 3, 4], [1, 2], [3, 4], [3], [4],
    ]  # fmt: skip


def test_an_answer_of_another_length_is_unexpected(client, script):
    script(bulk("a"))
    with pytest.raises(UnexpectedAnswer, match="1 results for 2 inputs"):
        client.submit_many("wine", [1, 2])
