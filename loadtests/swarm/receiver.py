"""One receiver of webhooks for all users of this process, on a free port of this machine."""

from functools import cache
from typing import Any

from gevent.event import Event
from gevent.pywsgi import WSGIServer


class Receiver:
    def __init__(self) -> None:
        self._awaited: dict[str, Event] = {}
        self._server = WSGIServer(("127.0.0.1", 0), self._take, log=None)
        self._server.start()

    def url(self, mark: str) -> str:
        """Where the webhook of one prediction is to go."""
        self._awaited[mark] = Event()
        return f"http://127.0.0.1:{self._server.server_port}/{mark}"

    def came(self, mark: str, seconds: float) -> bool:
        """Whether it has come within so long."""
        came = self._awaited[mark].wait(seconds)
        del self._awaited[mark]
        return bool(came)

    def _take(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        if waiting := self._awaited.get(environ["PATH_INFO"].strip("/")):
            waiting.set()
        start_response("204 No Content", [])
        return []


@cache
def receiver() -> Receiver:
    """Made when the first user waits for a webhook."""
    return Receiver()
