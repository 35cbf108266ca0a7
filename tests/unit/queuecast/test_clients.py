"""What holds of the two clients as they are built."""

import inspect
import subprocess
import sys
import uuid

import httpx2
import pytest

from queuecast import AsyncClient, Client
from queuecast.connection import settings
from queuecast.ids import new_id


def public(kind):
    return {
        name: [(p.name, p.kind, p.default) for p in inspect.signature(member).parameters.values()]
        for name, member in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


def test_both_clients_have_the_same_calls():
    assert public(Client) == public(AsyncClient)


@pytest.mark.parametrize("address", ["", "nonsense", "ftp://x", "http://", "http://h:port"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(ValueError, match="URL"):
        Client(address)


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("http://127.0.0.1:8000", False),
        ("http://localhost", False),
        ("http://[::1]:1", False),
        ("https://queuecast.test", True),
    ],
)
def test_this_machine_is_never_reached_through_a_proxy(address, trusted):
    assert settings(address, None)["trust_env"] is trusted


def test_a_base_path_is_kept(script, told, server):
    script(told())
    with Client("http://host.test/predictions/", transport=httpx2.MockTransport(server)) as client:
        client.get("x")
    assert str(server.requests[0].url) == "http://host.test/predictions/api/v1/predictions/x"


def test_ids_are_version_7_and_sort_by_time():
    made = [uuid.UUID(new_id()) for _ in range(100)]
    assert {one.version for one in made} == {7}
    assert {one.variant for one in made} == {uuid.RFC_4122}
    assert len(set(made)) == 100
    assert made[0].int >> 80 <= made[-1].int >> 80


def test_the_library_loads_nothing_of_the_command():
    code = (
        "import sys, queuecast; "
        "print(*sorted({'typer', 'rich', 'click', 'shared', 'api'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
