"""Webhooks asked for, seen and sent again, by both clients and the command."""

import json
from typing import Any

import httpx2
import pytest

from queuecast import ApiError, Client, Delivery, Retries
from queuecast.commands import run

JOB = "0199aaaa-0000-7000-8000-000000000001"
ID = "0199aaaa-0000-7000-8000-00000000000d"
URL = "https://hooks.example.com/a"
DELIVERY = {
    "id": ID,
    "prediction": JOB,
    "event": "completed",
    "url": URL,
    "status": "failed",
    "error": None,
    "attempts": [{"number": 1, "status": 500, "seconds": 0.1}],
    "next_attempt_at": None,
}


def page(*deliveries: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
    return 200, {"results": list(deliveries)}, {}


def test_a_webhook_is_asked_for(client, script, told):
    server = script(told())
    client.submit("digits", 1, webhook=URL, webhook_events=("start", "completed"))
    assert server.body() == {
        "model": "digits",
        "input": 1,
        "webhook": URL,
        "webhook_events_filter": ["start", "completed"],
    }


def test_and_for_each_of_many(client, script, told):
    server = script((202, {"results": [{"prediction": told()[1]}]}, {}))
    client.submit_many("digits", [1], webhook=URL)
    assert server.body()["webhook"] == URL
    assert "webhook_events_filter" not in server.body()


def test_the_deliveries_of_a_prediction(client, script):
    server = script(page(DELIVERY))
    (found,) = client.deliveries(JOB)
    assert (found.id, found.attempts[0].status) == (ID, 500)
    assert server.paths == [f"GET /api/v1/predictions/{JOB}/deliveries"]


@pytest.mark.parametrize("named", [ID, Delivery(id=ID, status="failed")])
def test_a_delivery_is_sent_again(client, script, named):
    server = script((202, DELIVERY | {"status": "pending"}, {}))
    assert client.replay(named).status == "pending"
    assert client.delivery(named).id == ID
    assert server.paths == [
        f"POST /api/v1/deliveries/{ID}/replay",
        f"GET /api/v1/deliveries/{ID}",
    ]


def test_one_that_is_under_way_is_not(client, script, problem):
    script(problem(409, "invalid-state"))
    with pytest.raises(ApiError) as refused:
        client.replay(ID)
    assert refused.value.type == "invalid-state"


def test_the_secret_is_asked_for_and_rotated(client, script):
    server = script((200, {"key": "whsec_QUFB"}, {}))
    assert client.webhook_secret() == "whsec_QUFB"
    client.webhook_secret(rotate=True)
    assert server.paths == [
        "GET /api/v1/webhooks/default/secret",
        "POST /api/v1/webhooks/default/secret/rotate",
    ]


def test_a_test_event_is_sent(client, script):
    server = script((202, DELIVERY | {"event": "test"}, {}))
    assert client.test_webhook(URL).event == "test"
    assert server.body() == {"url": URL}


@pytest.fixture
def command(server, fake_time, capsys):
    """Run a command line against the scripted server: (exit code, stdout, stderr)."""

    def connect(url, api_key=None):
        transport = httpx2.MockTransport(server)
        return Client(url, transport=transport, retries=Retries(attempts=1), clock=fake_time.clock)

    return lambda *arguments: (int(run(arguments, connect)), *capsys.readouterr())


def test_the_command_lists_deliveries(command, script):
    script(page(DELIVERY))
    code, out, _ = command("webhooks", "deliveries", JOB)
    assert (code, out) == (0, f"{ID}\tcompleted\tfailed\t1\t500\t\t{URL}\n")
    _, out, _ = command("webhooks", "deliveries", JOB, "--json")
    assert json.loads(out)[0]["id"] == ID


def test_the_command_replays(command, script):
    script((202, DELIVERY | {"status": "pending", "next_attempt_at": "2026-01-02T12:00:00Z"}, {}))
    code, out, _ = command("webhooks", "replay", ID)
    assert (code, out.split("\t")[2:6]) == (0, ["pending", "1", "500", "2026-01-02 12:00:00"])


@pytest.mark.parametrize(("status", "code"), [("delivered", 0), ("failed", 1)])
def test_the_command_tests_a_receiver(command, script, status, code):
    script((202, DELIVERY | {"event": "test", "status": status}, {}))
    assert command("webhooks", "test", URL)[0] == code


def test_the_command_prints_the_secret(command, script):
    script((200, {"key": "whsec_QUFB"}, {}))
    assert command("webhooks", "secret") == (0, "whsec_QUFB\n", "")
