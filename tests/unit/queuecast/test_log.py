"""The prediction log, feedback and accuracy, by both clients and the command."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from queuecast import Client, NotFound, Retries
from queuecast.commands import run
from queuecast.results import Prediction

JOB = "0199aaaa-0000-7000-8000-000000000001"
OTHER = "0199aaaa-0000-7000-8000-000000000002"
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
LOGGED = {
    "id": JOB, "status": "succeeded", "version": "wine:1", "label": "barolo", "score": 0.75,
    "completed_at": "2026-01-02T12:00:00Z", "feedback": {"label": "barbera"},
}  # fmt: skip
SAID = {"id": JOB, "label": "barbera", "right": False}
MEASURED = {
    "model": "wine", "looked_at": 4, "complete": True,
    "totals": [{"version": "wine:1", "labels": 4, "right": 3, "accuracy": 0.75}],
    "over_time": [
        {"version": "wine:1", "at": "2026-01-02T00:00:00Z", "labels": 4, "accuracy": 0.75}
    ],
}  # fmt: skip


def test_the_log_comes_page_by_page(client, script):
    following = "http://elsewhere/api/v1/prediction-log?limit=100&cursor=c"
    first = {"next": following, "results": [LOGGED]}
    server = script((200, first, {}), (200, {"next": None, "results": [LOGGED]}, {}))
    found = list(client.prediction_log(model="wine", label="barolo", completed_after=NOON))
    assert [one.label for one in found] == ["barolo", "barolo"]
    assert found[0].feedback.label == "barbera"
    query = httpx2.URL(server.requests[0].url).params
    assert (query["model"], query["label"]) == ("wine", "barolo")
    assert datetime.fromisoformat(query["completed_after"]) == NOON
    assert server.paths[1] == "GET /api/v1/prediction-log?limit=100&cursor=c"


@pytest.mark.parametrize("id", [JOB, Prediction(id=JOB, status="succeeded")])
def test_feedback_says_only_what_is_given(client, script, id):
    server = script((200, SAID, {}))
    assert client.feedback(id, label="barbera", source="lab").right is False
    assert server.paths == [f"POST /api/v1/predictions/{JOB}/feedback"]
    assert server.body() == {"label": "barbera", "source": "lab"}


def test_of_many_each_has_its_result(client, script):
    refused = {"type": "/problems/not-found", "title": "T", "status": 404}
    server = script((200, {"results": [{"feedback": SAID}, {"problem": refused}]}, {}))
    truths = [{"id": JOB, "label": "barbera"}, {"id": OTHER, "value": 1.5}]
    said, missing = client.feedback_many(truths)
    assert (said.id, type(missing)) == (JOB, NotFound)
    assert server.body() == {"feedback": truths}


def test_very_many_go_in_portions(client, script):
    server = script((200, {"results": [{"feedback": SAID}]}, {}))
    client.feedback_many([{"id": JOB, "label": 1}] * 1001)
    assert [len(server.body(place)["feedback"]) for place in (0, 1)] == [1000, 1]


def test_accuracy_is_asked_for_by_the_hour(client, script):
    server = script((200, MEASURED, {}))
    found = client.accuracy("wine", version="wine:1", hourly=True)
    assert (found.totals[0].accuracy, found.over_time[0].at.year) == (0.75, 2026)
    assert server.paths == ["GET /api/v1/models/wine/accuracy?version=wine%3A1&by=hour"]


@pytest.fixture
def command(server, capsys):
    """Runs a command line; answers its exit code and what it printed."""

    def run_line(*arguments: str) -> tuple[int, str]:
        def connect(url: str) -> Client:
            transport = httpx2.MockTransport(server)
            return Client(url, transport=transport, retries=Retries(attempts=1))

        code = run(list(arguments), connect)
        return code, capsys.readouterr().out

    return run_line


def test_the_log_on_the_command_line(command, script):
    script((200, {"next": None, "results": [LOGGED]}, {}))
    code, printed = command("log", "--model", "wine", "--limit", "1")
    assert code == 0
    assert printed.split("\t")[:5] == [JOB, "wine:1", "succeeded", "barolo", "0.750"]


def test_feedback_on_the_command_line(command, script):
    server = script((200, SAID, {}))
    code, printed = command("feedback", JOB, "--label", "barbera", "--json")
    assert (code, json.loads(printed)) == (0, SAID)
    assert server.body() == {"label": "barbera"}
    assert command("feedback", JOB)[0] == 2


def test_accuracy_on_the_command_line(command, script):
    script((200, MEASURED, {}))
    code, printed = command("accuracy", "wine")
    lines: list[Any] = [line.split("\t") for line in printed.splitlines()]
    assert code == 0
    assert [line[:5] for line in lines] == [
        ["2026-01-02 00:00", "wine:1", "4", "0.750", ""], ["all", "wine:1", "4", "0.750", ""],
    ]  # fmt: skip
