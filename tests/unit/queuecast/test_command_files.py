"""`queuecast files`."""

import json

import httpx2
import pytest

from queuecast import Client, Retries
from queuecast.commands import run

FILE = "0199aaaa-0000-7000-8000-00000000000f"
URL = f"http://elsewhere/api/v1/files/{FILE}"
TOLD = {"id": FILE, "name": "a\n.png", "content_type": "image/png", "size": 8, "urls": {"get": URL}}


@pytest.fixture
def command(server, fake_time, capsys):
    """Run a command line against the scripted server: (exit code, stdout, stderr)."""

    def call(*arguments):
        def connect(url):
            options = {"sleep": fake_time.sleep, "retries": Retries(attempts=1)}
            return Client(url, transport=httpx2.MockTransport(server), **options)

        return (int(run(arguments, connect)), *capsys.readouterr())

    return call


def test_upload_prints_the_url_alone(command, script, tmp_path):
    script((201, TOLD, {}))
    path = tmp_path / "a.png"
    path.write_bytes(b"x")
    assert command("files", "upload", str(path)) == (0, f"{URL}\n", "")
    assert json.loads(command("files", "upload", str(path), "--json")[1])["id"] == FILE


def test_list_prints_a_line_for_each(command, script):
    script((200, {"results": [TOLD], "next": None}, {}))
    assert command("files", "list") == (0, f"{FILE}\ta .png\timage/png\t8\t\n", "")


def test_delete_takes_several(command, script):
    server = script(httpx2.Response(204))
    assert command("files", "delete", FILE, "other") == (0, "", "")
    assert server.paths == [f"DELETE /api/v1/files/{FILE}", "DELETE /api/v1/files/other"]


def test_what_is_wrong_is_an_exit_code(command, script, problem):
    script(problem(404, "not-found", detail="there is no file"))
    assert command("files", "delete", FILE)[::2] == (3, "queuecast: there is no file\n")
    assert command("files", "upload", "/nowhere/a.png")[0] == 2
