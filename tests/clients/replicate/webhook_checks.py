"""The webhooks that Replicate's client receives and verifies: `webhook_checks.py URL`.

The system has to deliver to this machine.
"""

import asyncio
import http.server
import itertools
import json
import queue
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import replicate
from replicate.webhook import InvalidSignatureError, InvalidTimestampError, Webhooks

SECONDS = 20
WINES = Path(__file__).parents[3] / "models" / "wine" / "samples" / "samples.json"
WINE = json.loads(WINES.read_text())[0]["input"]


@contextmanager
def receiver():
    """Its address, and a queue of the headers and bodies that arrive."""
    arrived = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            arrived.put((dict(self.headers), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", arrived
        server.shutdown()


def refused(kind, **signed):
    try:
        Webhooks.validate(**signed)
    except kind:
        return
    raise AssertionError(f"{kind.__name__} was not raised")


def main(url):
    client = replicate.Client(base_url=f"{url}/api")
    secret = client.webhooks.default.secret()
    assert asyncio.run(client.webhooks.default.async_secret()) == secret
    numbers = itertools.count()
    with receiver() as (address, arrived):
        completed = {"webhook": address, "webhook_events_filter": ["completed"]}
        for asked in (completed, {"webhook_completed": address}):
            wine = WINE | {"alcohol": 14.5 + next(numbers) / 1000}
            prediction = client.predictions.create(version="wine:1", input=wine, **asked)
            headers, body = arrived.get(timeout=SECONDS)
            told = json.loads(body)
            assert (told["id"], told["status"]) == (prediction.id, "succeeded")
            signed = {"headers": headers, "body": body, "secret": secret}
            Webhooks.validate(**signed, tolerance=60)
            refused(InvalidSignatureError, **signed | {"body": body.replace("succeeded", "failed")})
            refused(InvalidTimestampError, **signed, tolerance=-1)


if __name__ == "__main__":
    main(sys.argv[1])
