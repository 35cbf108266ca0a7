"""Webhooks through a whole system, to receivers on this machine."""

import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from queuecast import ApiError, Client, Delivery
from queuecast.commands import run

SECONDS = 20.0


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps what arrives; answers `status`, after `pause` seconds."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arrived: list[tuple[bytes, dict[str, str]]] = []
        self.status = 200
        self.pause = 0.0
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"

    def wait(self, count: int = 1) -> list[tuple[bytes, dict[str, str]]]:
        until = time.monotonic() + SECONDS
        while len(self.arrived) < count and time.monotonic() < until:
            time.sleep(0.02)  # asks again; nothing depends on how long this takes
        assert len(self.arrived) >= count
        return self.arrived


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.arrived.append((body, dict(self.headers.items())))
        time.sleep(self.server.pause)
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture
def new_receiver() -> Iterator[Callable[[], Receiver]]:
    made: list[Receiver] = []

    def make() -> Receiver:
        made.append(Receiver())
        threading.Thread(target=made[-1].serve_forever, args=(0.02,), daemon=True).start()
        return made[-1]

    yield make
    for one in made:
        one.shutdown()
        one.server_close()


@pytest.fixture
def receiver(new_receiver: Callable[[], Receiver]) -> Receiver:
    return new_receiver()


@pytest.fixture
def submit(client: Client) -> Callable[..., Any]:
    """Submits an input that nobody has sent before."""
    number = iter(range(10_000))
    wine = client.model("wine").example

    def run(**options: Any) -> Any:
        fresh = wine | {"proline": time.time() % 1000 + next(number)}
        return client.submit("wine", fresh, **options)

    return run


def settled(client: Client, job: Any) -> Delivery:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        found = client.deliveries(job)
        if found and found[-1].status != "pending":
            return found[-1]
        time.sleep(0.05)
    raise AssertionError("the webhook is not settled")


def test_the_end_arrives_signed_as_a_look_shows_it(
    client: Client, submit: Any, receiver: Receiver, system: Any
) -> None:
    job = submit(webhook=receiver.url, metadata={"order": 7})
    ((body, headers),) = receiver.wait()
    told = Webhook(client.webhook_secret()).verify(body, headers)
    assert (told["id"], told["status"], told["metadata"]) == (job.id, "succeeded", {"order": 7})
    got = httpx2.get(f"{system.url}/api/v1/predictions/{job.id}").json()
    assert told == got | {"urls": told["urls"]}
    assert told["urls"]["get"] in got["urls"]["get"]
    assert settled(client, job).id == headers["webhook-id"]
    with pytest.raises(WebhookVerificationError):
        Webhook(client.webhook_secret()).verify(body.replace(b"7", b"8"), headers)


def test_during_a_rotation_both_secrets_verify(
    client: Client, submit: Any, receiver: Receiver
) -> None:
    old = client.webhook_secret()
    new = client.webhook_secret(rotate=True)
    submit(webhook=receiver.url)
    ((body, headers),) = receiver.wait()
    for secret in (old, new):
        Webhook(secret).verify(body, headers)


def test_a_dead_receiver_delays_no_other(
    client: Client, submit: Any, new_receiver: Callable[[], Receiver]
) -> None:
    dead, good = new_receiver(), new_receiver()
    dead.pause, dead.url = 5.0, dead.url.replace("127.0.0.1", "localhost")
    for _ in range(20):
        submit(webhook=dead.url)
    dead.wait(8)
    jobs = [submit(webhook=good.url) for _ in range(5)]
    for job in jobs:
        client.wait(job, timeout_seconds=SECONDS)
    began = time.monotonic()
    good.wait(5)
    assert time.monotonic() - began < 2
    dead.pause = 0.0


def test_a_canceled_job_and_a_known_input_are_told_too(
    client: Client, submit: Any, receiver: Receiver
) -> None:
    first = submit(webhook=receiver.url)
    receiver.wait()
    again = client.submit("wine", client.get(first).input, webhook=receiver.url)
    assert again.cache == "hit"
    receiver.wait(2)
    assert settled(client, again).status == "delivered"


def test_what_was_gone_can_be_enabled_and_replayed(
    client: Client, submit: Any, receiver: Receiver, system: Any
) -> None:
    receiver.status = 410
    job = submit(webhook=receiver.url)
    failed = settled(client, job)
    assert (failed.status, failed.attempts[0].status) == ("failed", 410)
    later = settled(client, submit(webhook=receiver.url))
    assert (later.status, later.error, later.attempts) == ("failed", "endpoint_disabled", [])
    endpoints = httpx2.get(f"{system.url}/api/v1/webhooks/endpoints?limit=100").json()["results"]
    (one,) = [each for each in endpoints if each["url"] == receiver.url]
    assert one["status"] == "disabled"
    httpx2.post(one["urls"]["enable"]).raise_for_status()
    receiver.status = 200
    client.replay(failed)
    assert settled(client, job).status == "delivered"
    assert [headers["webhook-id"] for _, headers in receiver.arrived] == [failed.id] * 2


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_a_failure_waits_for_its_turn(client: Client, submit: Any, receiver: Receiver) -> None:
    receiver.status = 500
    job = submit(webhook=receiver.url)
    receiver.wait()
    (one,) = client.deliveries(job)
    assert (one.status, one.event) == ("pending", "completed")
    with pytest.raises(ApiError):
        client.replay(one)


def test_the_command_listens(system: Any, client: Client, submit: Any, capsys: Any) -> None:
    at = ("--url", system.url)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    listen = ["webhooks", "listen", "--port", port, "--count", "1", *at]
    receiver = threading.Thread(target=run, args=(listen,))
    receiver.start()
    until = time.monotonic() + SECONDS
    while not _accepts(int(port)) and time.monotonic() < until:
        time.sleep(0.05)  # asks again; nothing depends on how long this takes
    job = submit(webhook=f"http://127.0.0.1:{port}/")
    receiver.join(SECONDS)
    assert capsys.readouterr().out == f"{job.id}\tsucceeded\n"
    assert run(["webhooks", "test", f"http://127.0.0.1:{port}/", *at]) == 1  # nobody listens now


@pytest.mark.long
def test_killed_workers_lose_no_webhook(
    own_system: Callable[..., Any], new_receiver: Callable[[], Receiver]
) -> None:
    slow, good = new_receiver(), new_receiver()
    slow.pause = 60.0
    system = own_system()
    with system.client() as client:
        wine = client.model("wine").example
        client.submit("wine", wine, webhook=slow.url)
        ((_, first),) = slow.wait()
        system.kill("deliver")
        slow.pause = 0.0
        rows = [wine | {"proline": float(number)} for number in range(40)]
        jobs = client.submit_many("wine", rows, webhook=good.url)
        system.kill("record")
        for job in jobs:
            client.wait(job, timeout_seconds=60)
        good.wait(40)
        slow.wait(2)
    assert slow.arrived[1][1]["webhook-id"] == first["webhook-id"]
    assert len({headers["webhook-id"] for _, headers in good.arrived}) == 40
