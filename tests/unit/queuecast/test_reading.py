"""Lists, models, typed results and typed errors."""

from datetime import UTC, datetime

import httpx2
import pytest

from queuecast import (
    ApiError,
    InvalidInput,
    InvalidRequest,
    ModelNotFound,
    NotAuthorized,
    NotFound,
    Unavailable,
    UnexpectedAnswer,
)


def page(results, next=None):
    return 200, {"results": results, "next": next, "previous": None}, {}


def jobs(*ids):
    return [{"id": name, "status": "succeeded"} for name in ids]


def test_predictions_follow_the_pages_on_the_server_we_know(client, script):
    address = "http://elsewhere.test/api/v1/predictions?cursor=c%2B1&limit=100"
    server = script(page(jobs("a", "b"), address), page(jobs("c")))
    found = list(client.predictions(status="succeeded", model="digits"))
    assert [prediction.id for prediction in found] == ["a", "b", "c"]
    assert server.requests[0].url.params["status"] == "succeeded"
    assert str(server.requests[1].url) == (
        "http://queuecast.test/api/v1/predictions?cursor=c%2B1&limit=100"
    )


def test_predictions_are_asked_for_by_filters(client, script):
    server = script(page(jobs("a")))
    noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
    notes = {"order": "A-7", "live": True, "none": None}
    list(client.predictions(version="digits:2", created_after=noon, metadata=notes))
    asked = dict(server.requests[0].url.params)
    assert datetime.fromisoformat(asked.pop("created_after")) == noon
    assert asked == {
        "version": "digits:2", "limit": "100",
        "metadata.order": "A-7", "metadata.live": "true", "metadata.none": "null",
    }  # fmt: skip


def test_a_limit_of_predictions_ends_the_pages(client, script):
    server = script(page(jobs("a", "b"), "/x?cursor=1"), page(jobs("c", "d"), "/x?cursor=2"))
    assert [prediction.id for prediction in client.predictions(limit=3)] == ["a", "b", "c"]
    assert server.requests[0].url.params["limit"] == "3"
    assert len(server.requests) == 2


def test_no_predictions_are_no_request(client, server):
    assert list(client.predictions(limit=0)) == []
    assert server.requests == []


def test_models_gather_all_pages(client, script):
    script(page([{"name": "digits"}], "?cursor=1"), page([{"name": "wine"}]))
    assert [model.name for model in client.models()] == ["digits", "wine"]


def test_one_model_by_its_name(client, script):
    server = script((200, {"name": "digits", "versions": [{"version": "1"}], "new": 1}, {}))
    model = client.model("digits")
    assert model.versions[0].version == "1"
    assert server.paths == ["GET /api/v1/models/digits"]


def test_a_name_cannot_leave_its_place_in_the_path(client, script):
    server = script((404, {}, {}))
    with pytest.raises(NotFound):
        client.model("a/b?c")
    assert server.paths == ["GET /api/v1/models/a%2Fb%3Fc"]


def test_fields_of_a_newer_server_are_kept(client, script, told):
    script(told("pondering", novelty=[1], created_at="2026-01-02T03:04:05.000006Z"))
    prediction = client.get("x")
    assert prediction.model_extra == {"novelty": [1]}
    assert prediction.created_at.year == 2026
    assert not prediction.done


@pytest.mark.parametrize(
    ("status", "type", "kind"),
    [
        (404, "model-not-found", ModelNotFound),
        (404, "version-not-found", ModelNotFound),
        (404, "not-found", NotFound),
        (401, "unauthorized", NotAuthorized),
        (415, "unsupported-image", InvalidInput),
        (413, "payload-too-large", InvalidRequest),
        (507, "storage-full", Unavailable),
        (500, "internal-error", ApiError),
    ],
)
def test_problems_are_typed(client, script, problem, *, status, type, kind):
    script(problem(status, type, detail="because", request_id="r1"))
    with pytest.raises(ApiError, match="because") as caught:
        client.model("digits")
    assert caught.type is kind
    assert (caught.value.status, caught.value.type) == (status, type)
    assert caught.value.request_id == "r1"


def test_refused_fields_are_named(client, script, problem):
    fields = [{"pointer": "/input/image", "detail": "is cut short"}]
    script(problem(422, "some-new-type", detail="Not valid", errors=fields))
    with pytest.raises(InvalidInput, match="Not valid; /input/image: is cut short") as caught:
        client.submit("digits", {})
    assert caught.value.errors[0].pointer == "/input/image"


def test_a_field_that_the_detail_names_is_not_said_twice(client, script, problem):
    fields = [{"pointer": "/input", "detail": "is missing"}, {"pointer": "/n", "detail": "is odd"}]
    script(problem(422, "invalid-input", detail="/input: is missing", errors=fields))
    with pytest.raises(InvalidInput) as caught:
        client.submit("digits", {})
    assert str(caught.value) == "/input: is missing; /n: is odd"


def test_the_html_of_a_proxy_is_an_api_error_too(client, script):
    script(httpx2.Response(413, text="<html>Too large</html>"))
    with pytest.raises(InvalidRequest, match="HTTP 413") as caught:
        client.model("digits")
    assert caught.value.type == "about:blank"


def test_an_answer_of_something_else_is_unexpected(client, script):
    script((200, {"alive": True}, {}))
    with pytest.raises(UnexpectedAnswer, match="GET /api/v1/models/digits"):
        client.model("digits")


def test_a_redirect_is_not_followed(client, script):
    script((307, {}, {"location": "https://elsewhere.test"}))
    with pytest.raises(UnexpectedAnswer, match=r"elsewhere\.test"):
        client.model("digits")
