"""Where the key comes from, where it goes, and where it never stands."""

import httpx2
import pytest

from queuecast import Client, NotAuthorized
from queuecast.commands import run

KEY = "queuecast_Ab3dE5gH_" + "x" * 49


@pytest.fixture
def sent(monkeypatch):
    """Makes a client ask once; answers its Authorization header."""
    monkeypatch.delenv("QUEUECAST_API_KEY", raising=False)

    def ask(key=None):
        said = []

        def answer(request):
            said.append(request.headers.get("authorization"))
            return httpx2.Response(200, json={"next": None, "results": []})

        with Client(api_key=key, transport=httpx2.MockTransport(answer)) as client:
            client.models()
        return said[0]

    return ask


def test_a_key_that_is_given_is_sent(sent):
    assert sent(f" {KEY}\n") == f"Bearer {KEY}"


def test_else_that_of_the_environment(sent, monkeypatch):
    assert sent() is None
    monkeypatch.setenv("QUEUECAST_API_KEY", KEY)
    assert sent() == f"Bearer {KEY}"
    assert sent("other") == "Bearer other"
    assert sent("") is None


@pytest.mark.parametrize("key", [f"{KEY}\r\nX: y", f"{KEY}é", f"{KEY}\0"])
def test_a_key_that_is_none_is_refused_and_not_repeated(key):
    with pytest.raises(ValueError, match="API key") as refused:
        Client(api_key=key)
    assert KEY not in str(refused.value)


def test_a_refused_key_stands_in_no_error(client, script, problem):
    script(problem(401, "unauthorized"))
    with pytest.raises(NotAuthorized) as refused:
        client.models()
    assert "secret" not in str(refused.value)


def test_the_command_takes_a_key(script, server, told, monkeypatch, capsys):
    seen = []

    def connect(url, api_key=None):
        seen.append(api_key)
        return Client(url, api_key, transport=httpx2.MockTransport(server))

    script((200, {"next": None, "results": []}, {}))
    assert run(["--api-key", KEY, "models"], connect) == 0
    assert run(["models"], connect) == 0
    assert seen == [KEY, None]
    assert KEY not in "".join(capsys.readouterr())
