import itertools
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from loadtests.bench.arms.arm import Service
from loadtests.bench.arms.naive import Polling
from loadtests.bench.http_client import Address

PAUSE_SECONDS = 0.005

Answers = Callable[[str, str, bytes], tuple[int, bytes]]
"""From method, path and body to status and body."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # its own five make the sixth caller wait a second


@pytest.fixture
def serving() -> Iterator[Callable[[Answers], Address]]:
    """Starts real HTTP servers that answer as they are told; `GET /gone` hangs up."""
    servers: list[ThreadingHTTPServer] = []

    def start(answers: Answers) -> Address:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 16  # head and body in one packet, else the second waits 40 ms

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.path == "/gone":
                    self.close_connection = True
                    return
                status, content = answers(self.command, self.path, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer  # noqa: N815 - named by http.server

            def log_message(self, *_: object) -> None:
                pass

        server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return Address("127.0.0.1", server.server_port)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def job_service(serving: Callable[[Answers], Address]) -> Service:
    """Speaks the naive dialect: the second look at a job finds its input as its output."""
    numbers, inputs, looks = itertools.count(), {}, {}

    def answers(method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if method == "POST":
            job_id = str(next(numbers))
            inputs[job_id], looks[job_id] = body, itertools.count(1)
            return 202, b'{"id":"%b","status":"PENDING"}' % job_id.encode()
        job_id = path.rpartition("/")[2]
        if next(looks[job_id]) < 2:
            return 200, b'{"status":"PENDING"}'
        found = {"status": "SUCCESS", "output": json.loads(inputs[job_id])}
        return 200, json.dumps(found, separators=(",", ":")).encode()

    return Service(serving(answers), Polling(PAUSE_SECONDS), dict, {})
