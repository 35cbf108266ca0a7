"""A small receiver of webhooks, for one's own desk: verifies each and says what it tells of."""

from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer

from queuecast.errors import WebhookInvalid
from queuecast.results import Prediction
from queuecast.webhooks import verify_webhook

BODY_MAX_BYTES = 32 << 20
PATIENCE_SECONDS = 10.0


class Receiver(HTTPServer):
    """Answers one webhook after the other: 204 when it is genuine, 400 when it is not."""

    def __init__(
        self,
        address: tuple[str, int],
        secrets: Sequence[str],
        on_webhook: Callable[[Prediction], object],
        on_refused: Callable[[WebhookInvalid], object],
    ) -> None:
        super().__init__(address, _Handler)
        self.secrets = secrets
        self.on_webhook = on_webhook
        self.on_refused = on_refused

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}/"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    timeout = PATIENCE_SECONDS

    def do_POST(self) -> None:
        status = self._received()
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _received(self) -> int:
        length = self.headers.get("content-length", "")
        if not (length.isascii() and length.isdecimal()) or int(length) > BODY_MAX_BYTES:
            return 413
        body = self.rfile.read(int(length))
        try:
            told = verify_webhook(body, dict(self.headers.items()), self.server.secrets)
        except WebhookInvalid as error:
            self.server.on_refused(error)
            return 400
        self.server.on_webhook(told)
        return 204

    def log_message(self, *_: object) -> None:
        """What arrives is told by the callbacks."""
