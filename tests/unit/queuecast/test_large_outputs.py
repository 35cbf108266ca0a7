"""An output that is too large to come with its prediction is fetched behind it."""

import httpx2
import pytest

from queuecast import NotFound, Prediction, UnexpectedAnswer

JOB = "0199aaaa-0000-7000-8000-000000000001"
ADDRESS = f"/api/v1/predictions/{JOB}"
URLS = {
    "get": f"http://elsewhere.test{ADDRESS}",
    "output": f"http://elsewhere.test{ADDRESS}/output",
}
SCORES = {"scores": [1, 2, 3]}
OUTPUT = (200, SCORES, {})


@pytest.fixture
def large(told):
    """The prediction as the server tells of it."""
    return told(output=None, urls=URLS)


def test_get_brings_it_from_the_server_we_know(client, script, large):
    server = script(large, OUTPUT)
    assert client.get(JOB).output == SCORES
    assert server.paths == [f"GET {ADDRESS}", f"GET {ADDRESS}/output"]
    assert {request.url.host for request in server.requests} == {"queuecast.test"}


def test_wait_and_predict_bring_it(client, script, told, large):
    script(told("processing"), large, OUTPUT)
    assert client.wait(JOB).output == SCORES
    script(told("starting"), large, OUTPUT)
    assert client.predict("digits", {}) == SCORES


def test_a_submit_that_is_answered_at_once_brings_it(client, script, large):
    script(large, OUTPUT)
    assert client.submit("digits", {}).output == SCORES


def test_wait_brings_that_of_a_listed_prediction(client, script):
    listed = Prediction(id=JOB, status="succeeded", urls=URLS)
    server = script(OUTPUT)
    assert client.wait(listed).output == SCORES
    assert server.paths == [f"GET {ADDRESS}/output"]


def test_a_list_leaves_it_where_it_is(client, script, large):
    server = script((200, {"results": [large[1]], "next": None}, {}))
    assert [one.output for one in client.predictions()] == [None]
    assert len(server.requests) == 1


def test_a_null_that_is_the_output_is_not_asked_for(client, script, told):
    server = script(told(output=None, urls={"get": URLS["get"]}))
    assert client.get(JOB).output is None
    assert len(server.requests) == 1


def test_a_server_in_trouble_is_asked_again(client, script, large, problem):
    script(large, problem(503, "unavailable"), OUTPUT)
    assert client.get(JOB).output == SCORES


def test_one_that_is_lost_is_no_output(client, script, large, problem):
    script(large, problem(404, "not-found"))
    with pytest.raises(NotFound):
        client.get(JOB)


def test_one_that_is_no_json_is_unexpected(client, script, large):
    script(large, httpx2.Response(200, text="<html>"))
    with pytest.raises(UnexpectedAnswer, match="no JSON"):
        client.get(JOB)
