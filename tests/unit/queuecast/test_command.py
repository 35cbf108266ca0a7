"""The command: exit codes, one line per error, JSON for machines."""

import json
import sys

import httpx2
import pytest

from queuecast import Client, Retries
from queuecast.command_line import main
from queuecast.commands import run

JOB = "0199aaaa-0000-7000-8000-000000000001"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def command(server, fake_time, capsys):
    """Run a command line against the scripted server: (exit code, stdout, stderr)."""

    def connect(url, api_key=None):
        return Client(
            url,
            api_key,
            transport=httpx2.MockTransport(server),
            retries=Retries(attempts=2),
            sleep=fake_time.sleep,
            clock=fake_time.clock,
        )

    def call(*arguments):
        code = run(arguments, connect)
        return (int(code), *capsys.readouterr())

    return call


def test_predict_prints_the_output_alone(command, script, told):
    server = script(told("starting"), told(output={"label": 7}, metrics={"total_time": 0.5}))
    code, out, err = command("predict", "digits", "--json", '{"x": 1}')
    assert (code, json.loads(out)) == (0, {"label": 7})
    assert err == "digits succeeded in 0.500 s\n"
    assert server.body(0)["input"] == {"x": 1}


def test_predict_sends_an_image_beside_other_fields(command, script, told, tmp_path):
    path = tmp_path / "seven.png"
    path.write_bytes(PNG)
    server = script(told(output=7))
    assert command("predict", "digits", "--image", str(path), "--json", '{"top": 3}')[0] == 0
    assert server.body(0)["input"] == {"top": 3, "image": "data:image/png;base64,iVBORw0KGgo="}


def test_predict_reads_json_from_a_file(command, script, told, tmp_path):
    (tmp_path / "in.json").write_text("[1]")
    server = script(told(output=7))
    command("predict", "wine", "--version", "2", "--json", f"@{tmp_path}/in.json")
    assert server.body(0) == {"model": "wine:2", "input": [1]}


def test_predict_as_json_prints_the_whole_prediction(command, script, told):
    script(told(output=7, novelty=1))
    code, out, err = command("predict", "digits", "--json", "1", "--output", "json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "id": JOB,
        "status": "succeeded",
        "model": "digits",
        "output": 7,
        "novelty": 1,
    }


def test_predict_without_waiting_prints_the_id(command, script, told):
    script(told("starting"))
    assert command("predict", "digits", "--json", "1", "--no-wait") == (0, f"{JOB}\n", "")


def test_watch_tells_every_stage_without_a_terminal(command, script, told):
    stage = told("processing", stage="predicting")
    script(told("starting", stage="queued"), stage, stage, told(output=7))
    code, out, err = command("predict", "digits", "--json", "1", "--watch")
    assert (code, out) == (0, "7\n")
    lines = [f"{JOB} predicting", f"{JOB} succeeded", "digits succeeded"]
    assert err.splitlines() == lines


def test_watch_as_json_prints_a_document_per_change(command, script, told):
    script(told("starting", stage="queued"), told("failed", error_code="worker_lost"))
    code, out, _ = command("job", JOB, "--watch", "--json")
    assert code == 1
    assert [json.loads(line)["status"] for line in out.splitlines()] == ["failed"]


def test_a_failed_prediction_is_exit_code_1(command, script, told):
    script(told("failed", error_code="invalid_image", error="cut\nshort"))
    code, out, err = command("predict", "digits", "--json", "1")
    assert (code, out) == (1, "")
    assert err == "digits failed: invalid_image: cut short\n"


def test_looking_at_a_failed_job_is_no_failure(command, script, told):
    script(told("failed", error_code="invalid_image"))
    code, out, _ = command("job", JOB)
    assert code == 0
    assert "error_code      invalid_image" in out


@pytest.mark.parametrize(
    ("status", "type", "expected"),
    [(404, "model-not-found", 3), (429, "queue-full", 3), (503, "unavailable", 4)],
)
def test_what_the_server_refuses_is_one_line(command, script, problem, *, status, type, expected):
    script(problem(status, type, detail="No such\nthing"))
    assert command("models", "x") == (expected, "", "queuecast: No such thing\n")


def test_errors_as_json_are_problem_documents(command, script, problem):
    script(problem(404, "model-not-found", detail="No such model", request_id="r"))
    code, out, err = command("models", "x", "--json")
    assert (code, out) == (3, "")
    assert json.loads(err) == {
        "type": "model-not-found",
        "title": "T",
        "status": 404,
        "detail": "No such model",
        "errors": [],
        "request_id": "r",
    }


def test_a_server_that_is_not_there_is_exit_code_4(command, script):
    script(httpx2.ConnectError("refused"))
    code, _, err = command("jobs", "--url", "http://nowhere.test")
    assert (code, err) == (4, "queuecast: cannot reach http://nowhere.test: refused\n")


def test_waiting_too_long_is_exit_code_5(command, script, told):
    script(told("processing", stage="predicting"))
    code, _, err = command("predict", "digits", "--json", "1", "--timeout", "3")
    assert code == 5
    assert err == f"queuecast: prediction {JOB} is not done yet (predicting); it goes on\n"


def test_ctrl_c_is_130_and_says_that_the_job_goes_on(command, script, told):
    script(told("starting"), KeyboardInterrupt())
    code, _, err = command("predict", "digits", "--json", "1")
    assert (code, err) == (130, f"queuecast: stopped; prediction {JOB} goes on\n")


def test_ctrl_c_before_a_job_exists_is_130_too(command, script):
    script(KeyboardInterrupt())
    assert command("jobs") == (130, "", "queuecast: stopped\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["predict", "digits"],
        ["predict", "digits", "--json", "{"],
        ["predict", "digits", "--json", "@/no/such/file"],
        ["predict", "digits", "--image", "/no/such/file"],
        ["predict", "digits", "--json", "NaN"],
        ["predict", "digits:1", "--version", "2", "--json", "1"],
        ["jobs", "--limit", "0"],
        ["jobs", "--url", "nonsense"],
    ],
)
def test_wrong_usage_is_one_line_and_nothing_is_sent(command, server, arguments):
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("queuecast: ")
    assert err.count("\n") == 1
    assert server.requests == []


def test_jobs_are_tab_separated_lines_without_a_terminal(command, script):
    job = {"id": JOB, "status": "processing", "stage": "predicting", "version": "digits:2"}
    script((200, {"results": [job], "next": None}, {}))
    assert command("jobs") == (0, f"{JOB}\tdigits:2\tpredicting\t\t\t\n", "")


def test_jobs_are_filtered(command, script):
    server = script((200, {"results": [], "next": None}, {}))
    asked = ["--metadata", "order=A=7", "--version", "digits:2", "--before", "2026-01-02"]
    assert command("jobs", *asked)[0] == 0
    parameters = server.requests[0].url.params
    assert (parameters["metadata.order"], parameters["version"]) == ("A=7", "digits:2")
    assert parameters["created_before"].startswith("2026-01-02T00:00:00")
    assert command("jobs", "--metadata", "order")[0] == 2


@pytest.mark.parametrize("flags", [["--json"], ["--output", "json"], ["-o", "json"]])
@pytest.mark.parametrize("name", ["jobs", "models"])
def test_lists_are_one_json_document(command, script, name, flags):
    script((200, {"results": [{"id": "a", "status": "s", "name": "n"}], "next": None}, {}))
    code, out, _ = command(name, *flags)
    assert code == 0
    assert [entry["name"] for entry in json.loads(out)] == ["n"]


def test_the_server_comes_from_the_environment(command, server, script, monkeypatch):
    monkeypatch.setenv("QUEUECAST_URL", "http://from.test")
    script((200, {"results": []}, {}))
    command("models")
    assert server.requests[0].url.host == "from.test"


def test_help_names_the_exit_codes(command):
    code, out, _ = command("--help")
    assert code == 0
    assert "5 waited too long" in " ".join(out.split())


def test_the_missing_extra_is_one_line(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "queuecast.commands", raising=False)
    monkeypatch.setitem(sys.modules, "typer", None)
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "pip install 'queuecast[cli]'" in capsys.readouterr().err


def test_cancel_says_what_each_has_come_to(command, script, told):
    server = script(told("canceled"), told("succeeded"))
    code, out, _ = command("cancel", JOB, JOB)
    assert (code, out) == (0, f"{JOB}\tcanceled\n{JOB}\tsucceeded\n")
    assert server.paths == [f"POST /api/v1/predictions/{JOB}/cancel"] * 2


def test_cancel_as_json_prints_the_prediction(command, script, told):
    script(told("canceled"))
    assert json.loads(command("cancel", JOB, "--json")[1])["status"] == "canceled"


def test_to_cancel_what_is_not_there_is_refused(command, script, problem):
    script(problem(404, "not-found"))
    assert command("cancel", JOB)[0] == 3
