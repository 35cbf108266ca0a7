"""`queuecast predict` with several inputs."""

import json

import httpx2
import pytest

from queuecast import Client, Retries
from queuecast.commands import run

JOB = "0199aaaa-0000-7000-8000-00000000000%d"
PROBLEM = {"type": "/problems/invalid-input", "title": "T", "status": 422, "detail": "too red"}


@pytest.fixture
def command(server, fake_time, capsys):
    """Run a command line against the scripted server: (exit code, stdout lines, stderr)."""

    def connect(url):
        options = {"sleep": fake_time.sleep, "clock": fake_time.clock}
        retries = Retries(attempts=1)
        return Client(url, transport=httpx2.MockTransport(server), retries=retries, **options)

    def call(*arguments):
        code = int(run(arguments, connect))
        out, err = capsys.readouterr()
        return code, out.splitlines(), err

    return call


def accepted(*results):
    """Numbers of predictions, and problems."""
    told = [
        {"problem": one}
        if isinstance(one, dict)
        else {"prediction": {"id": JOB % one, "status": "starting"}}
        for one in results
    ]
    return 202, {"results": told}, {}


@pytest.fixture
def rows(tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"x": 1}\n\n{"x": 2}\n{"x": 3}')
    return f"@{tmp_path}/rows.jsonl"


def test_each_line_is_an_input_and_each_output_a_line(command, script, told, rows):
    ends = [told(output={"label": number}) for number in range(3)]
    server = script(accepted(1, 2, 3), *ends)
    code, out, err = command("predict", "wine", "--lines", rows)
    assert (code, [json.loads(line)["label"] for line in out], err) == (0, [0, 1, 2], "")
    assert server.body(0) == {"model": "wine", "inputs": [{"x": 1}, {"x": 2}, {"x": 3}]}


def test_what_has_no_output_is_null_and_its_reason_on_stderr(command, script, told, rows):
    script(accepted(1, PROBLEM, 3), told(output=1), told("failed", error_code="worker_lost"))
    assert command("predict", "wine", "--lines", rows) == (
        3,
        ["1", "null", "null"],
        "input 2: too red\ninput 3: digits failed: worker_lost\n",
    )


def test_a_failure_alone_is_exit_code_1(command, script, told, rows):
    script(accepted(1, 2, 3), told(output=1), told("failed"), told(output=1))
    assert command("predict", "wine", "--lines", rows)[0] == 1


def test_waiting_too_long_is_exit_code_5(command, script, told, rows):
    script(accepted(1, 2, 3), told(output=1), told("processing"))
    code, out, err = command("predict", "wine", "--lines", rows, "--timeout", "0")
    assert (code, out) == (5, ["1", "null", "null"])
    assert "input 3: prediction" in err


def test_without_waiting_the_ids_are_printed(command, script, rows):
    script(accepted(1, PROBLEM, 3))
    assert command("predict", "wine", "--lines", rows, "--no-wait") == (
        3,
        [JOB % 1, "null", JOB % 3],
        "input 2: too red\n",
    )


def test_as_json_each_input_has_its_document(command, script, told, rows):
    script(accepted(1, PROBLEM, 3), told(output=1))
    code, out, err = command("predict", "wine", "--lines", rows, "--output", "json")
    documents = [json.loads(line) for line in out]
    assert (code, err) == (3, "")
    assert [one.get("output") for one in documents] == [1, None, 1]
    assert (documents[1]["type"], documents[1]["detail"]) == ("invalid-input", "too red")


def test_several_images_are_several_inputs(command, script, told, tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n")
    server = script(accepted(1, 2), told(output=1))
    images = ["--image", f"{tmp_path}/a.png", "--image", f"{tmp_path}/b.png"]
    assert command("predict", "digits", *images, "--json", '{"top": 3}')[0] == 0
    [first, second] = server.body(0)["inputs"]
    assert first == second == {"top": 3, "image": "data:image/png;base64,iVBORw0KGgo="}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--lines", "@FILE", "--json", "1"), "neither --json nor --image"),
        (("--lines", "@FILE", "--watch"), "takes one input"),
        (("--lines", "@FILE/none"), "Not a directory"),
        (("--lines", "1\n{"), "line 2: not valid JSON"),
        (("--lines", "\n"), "holds no input"),
    ],
)
def test_wrong_usage_is_said_in_a_line(command, server, rows, arguments, said):
    code, _, err = command("predict", "wine", *(one.replace("FILE", rows[1:]) for one in arguments))
    assert (code, server.requests) == (2, [])
    assert said in err
