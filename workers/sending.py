"""One POST to a receiver: bounded in time and in what is read, without redirects and proxies."""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import h11

from shared.clock import Clock
from shared.errors import InvalidWebhookUrl, WebhookAddressForbidden
from shared.settings import Settings
from shared.webhooks.settling import ADDRESS_FORBIDDEN, INVALID_URL, NOT_SENT, Attempt
from shared.webhooks.url import WebhookUrl, parse_url
from workers.public_network import PublicNetwork

READ_MAX_BYTES = 64 << 10
KEPT_MAX_CHARS = 1024
READ_SIZE = 16 << 10


@dataclass(slots=True)
class _Answer:
    """What came of the answer so far."""

    status: int | None = None
    retry_after: str | None = None
    body: bytes = b""


class Sender:
    """Sends webhooks; used on one event loop at a time."""

    def __init__(self, network: PublicNetwork, clock: Clock, settings: Settings) -> None:
        self._network = network
        self._clock = clock
        self._settings = settings

    async def post(self, tenant: str, url: str, headers: Mapping[str, str], body: bytes) -> Attempt:
        """How it went; never raises. A status counts as soon as it was read."""
        started_at, began = self._clock.now(), self._clock.monotonic()
        answer, error = _Answer(), None
        try:
            where = parse_url(url, development=self._settings.webhook_development)
            async with asyncio.timeout(self._settings.webhook_timeout_seconds):
                await self._exchange(tenant, where, headers, body, answer)
        except Exception as reason:
            error = None if answer.status is not None else error_code(reason)
        return Attempt(
            started_at=started_at,
            seconds=self._clock.monotonic() - began,
            status=answer.status,
            error=error,
            answer=printable(answer.body) if answer.status is not None else None,
            retry_after_seconds=seconds_until(answer.retry_after, self._clock.now()),
        )

    async def _exchange(
        self,
        tenant: str,
        where: WebhookUrl,
        headers: Mapping[str, str],
        body: bytes,
        answer: _Answer,
    ) -> None:
        async with asyncio.timeout(self._settings.webhook_connect_seconds):
            reader, writer = await self._network.connect(tenant, where)
        try:
            connection = h11.Connection(h11.CLIENT)
            writer.write(_request(connection, where, headers, body))
            await writer.drain()
            await _read(connection, reader, answer)
        finally:
            writer.close()
            with suppress(Exception):
                await asyncio.wait_for(writer.wait_closed(), 0.1)  # no polite end is waited for


def _request(
    connection: h11.Connection, where: WebhookUrl, headers: Mapping[str, str], body: bytes
) -> bytes:
    sent = [
        ("Host", where.authority),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
        *headers.items(),
    ]
    head = connection.send(h11.Request(method="POST", target=where.target, headers=sent))
    data = connection.send(h11.Data(data=body))
    return (head or b"") + (data or b"") + (connection.send(h11.EndOfMessage()) or b"")


async def _read(connection: h11.Connection, reader: asyncio.StreamReader, answer: _Answer) -> None:
    """The final status, and the body to its end or to the bound of what is read at all."""
    left = READ_MAX_BYTES
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            if left <= 0:
                return
            data = await reader.read(min(READ_SIZE, left))
            left -= len(data)
            connection.receive_data(data)
        elif isinstance(event, h11.Response):
            answer.status = event.status_code
            answer.retry_after = _header(event, b"retry-after")
        elif isinstance(event, h11.Data):
            answer.body += event.data
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            return


def _header(response: h11.Response, name: bytes) -> str | None:
    found = (value for key, value in response.headers if key == name)
    return next((value.decode("ascii", "replace") for value in found), None)


_CODES: tuple[tuple[type[Exception], str], ...] = (
    (WebhookAddressForbidden, ADDRESS_FORBIDDEN),
    (InvalidWebhookUrl, INVALID_URL),
    (TimeoutError, "timeout"),
    (ssl.SSLError, "tls_failed"),
    (socket.gaierror, "name_not_resolved"),
    (OSError, "connection_failed"),
    (h11.ProtocolError, "no_http_answer"),
)


def error_code(reason: Exception) -> str:
    """A word for the log of attempts: what an exception says may name our own network."""
    return next((code for kind, code in _CODES if isinstance(reason, kind)), NOT_SENT)


def printable(body: bytes) -> str:
    """The beginning of a receiver's answer, without anything that a terminal or page would obey."""
    text = body[:KEPT_MAX_CHARS].decode("utf-8", "backslashreplace")
    shown = (one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
    return "".join(shown)[:KEPT_MAX_CHARS]


def seconds_until(retry_after: str | None, now: datetime) -> float | None:
    """What Retry-After asks for, in seconds or as a date; None where it asks for nothing clear."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdecimal() and len(retry_after) < 9:
        return float(retry_after)
    with suppress(ValueError, TypeError, OverflowError):  # a year of twenty digits
        until = parsedate_to_datetime(retry_after)
        return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())
    return None
