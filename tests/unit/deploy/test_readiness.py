import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from deploy.local.readiness import missing, refused_models, system_health


@pytest.fixture
def serve():
    """Answers one request with this body."""
    servers = []

    def start(body, status=200):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status if self.path == "/health/system" else 404)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server, thread in servers:
        thread.join()
        server.server_close()


def test_the_health_of_the_system_is_what_the_api_says(serve):
    said = {"status": "ok", "components": {}}
    assert system_health(serve(json.dumps(said).encode()), "t") == said


@pytest.mark.parametrize("body", [b"", b"not JSON", b"[1]"])
def test_an_answer_that_is_none_counts_as_no_answer(serve, body):
    assert system_health(serve(body), "t") == {}


def test_a_socket_behind_which_nobody_answers_yet_counts_as_no_answer():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert system_health(f"http://127.0.0.1:{silent.getsockname()[1]}", "t") == {}


def test_what_is_missing_is_named():
    health = {"components": {"sql": {"status": "ok"}, "record": {"status": "down"}}}
    assert missing(health) == "record"
    assert missing({}) == "the API"


def test_refused_models_are_told_with_their_reason():
    health = {"models": {"refused": [{"name": "wine", "reason": "the hash is another"}]}}
    assert refused_models(health) == [("wine", "the hash is another")]
    assert refused_models({}) == []
