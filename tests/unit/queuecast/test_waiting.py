"""Waiting: held requests in a loop, one budget, no busy loop."""

import httpx2
import pytest

from queuecast import ConnectionFailed, Prediction, PredictionFailed, WaitTimeout

JOB = "0199aaaa-0000-7000-8000-000000000001"
ADDRESS = f"GET /api/v1/predictions/{JOB}"


def test_get_asks_once(client, script, told):
    server = script(told("starting"))
    assert not client.get(JOB).done
    assert server.paths == [ADDRESS]


def test_get_holds_no_longer_than_the_server_allows(client, script, told):
    server = script(told())
    client.get(JOB, wait_seconds=500)
    assert server.paths == [f"{ADDRESS}?wait=60"]


def test_wait_holds_requests_until_the_prediction_is_done(client, script, told):
    server = script(told("starting"), told("processing"), told(output=7))
    assert client.wait(JOB).output == 7
    assert server.paths == [f"{ADDRESS}?wait=25"] * 3


def test_wait_takes_a_prediction_and_returns_a_finished_one_at_once(client, script, told):
    server = script(told(output=7))
    finished = client.wait(Prediction(id=JOB, status="starting"))
    assert client.wait(finished) is finished
    assert len(server.requests) == 1


def test_wait_ends_at_its_time_and_knows_what_it_saw(client, script, told, fake_time):
    server = script(told("processing", stage="predicting"))
    with pytest.raises(WaitTimeout, match="predicting") as caught:
        client.wait(JOB, timeout_seconds=30)
    assert caught.value.prediction.id == JOB
    assert fake_time.now == 1030
    assert [path.rpartition("=")[2] for path in server.paths] == ["25", "5"]


def test_wait_of_no_time_looks_once(client, script, told):
    server = script(told("processing"))
    with pytest.raises(WaitTimeout):
        client.wait(JOB, timeout_seconds=0)
    assert server.paths == [ADDRESS]


def test_a_server_that_does_not_hold_is_not_asked_without_pause(client, script, told, fake_time):
    server = script(told("starting", headers={"retry-after": "2"}), told("starting"), told())
    server.holds = False
    client.wait(JOB)
    assert fake_time.pauses == [2.0, 0.5]


def test_a_restarting_server_does_not_end_a_wait(client, script, told, fake_time):
    script(told("starting"), httpx2.ConnectError("refused"), told(output=1))
    assert client.wait(JOB, timeout_seconds=60).output == 1
    assert fake_time.pauses == [0.25]


def test_retries_stay_within_the_time_of_a_wait(client, script, fake_time):
    script(httpx2.ConnectError("refused"))
    with pytest.raises(ConnectionFailed):
        client.wait(JOB, timeout_seconds=2)
    assert fake_time.now < 1002


def test_progress_is_told_once_per_stage(client, script, told):
    queued, running = told("starting", stage="queued"), told("processing", stage="predicting")
    server = script(queued, queued, running, told())
    seen: list[str] = []
    client.wait(JOB, on_progress=lambda prediction: seen.append(prediction.stage))
    assert seen == ["queued", "predicting", None]
    assert server.paths == [ADDRESS] + [f"{ADDRESS}?wait=0.5"] * 3


def test_predict_submits_waits_and_returns_the_output(client, script, told):
    server = script(told("starting"), told("processing"), told(output={"label": 7}))
    assert client.predict("digits", {}) == {"label": 7}
    assert [path.split()[0] for path in server.paths] == ["PUT", "GET", "GET"]


def test_predict_takes_a_cache_hit_as_it_is(client, script, told):
    server = script(told(output=3, cache="hit"))
    assert client.predict("digits", {}) == 3
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_predict_raises_what_ended_without_an_output(client, script, told, status):
    script(told("starting"), told(status, error_code="invalid_image", error="cut short"))
    with pytest.raises(PredictionFailed, match=f"{status}: invalid_image: cut short") as caught:
        client.predict("digits", {})
    assert caught.value.prediction.status == status


def test_predict_has_one_time_for_submit_and_wait(client, script, told, problem, fake_time):
    script(problem(503, "unavailable", headers={"retry-after": "4"}), told("starting"))
    with pytest.raises(WaitTimeout):
        client.predict("digits", {}, timeout_seconds=10)
    assert fake_time.now == 1010
