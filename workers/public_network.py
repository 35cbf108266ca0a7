"""The guard against server-side request forgery: resolve, check, connect to what was checked.

A name is resolved once. When any of its addresses is forbidden nothing is connected to, and the
connection goes to a checked address, so that no second answer of a name server can lead elsewhere.
"""

import asyncio
import ssl
from collections.abc import Sequence
from functools import cached_property
from ipaddress import ip_address

from shared.errors import WebhookAddressForbidden
from shared.webhooks.addresses import is_forbidden
from shared.webhooks.url import WebhookUrl
from workers.resolver import Resolver

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class PublicNetwork:
    """Connections to receivers; used on one event loop at a time."""

    def __init__(self, resolver: Resolver, *, allow_loopback: bool) -> None:
        self._allow_loopback = allow_loopback
        self._resolver = resolver

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    async def connect(self, tenant: str, url: WebhookUrl) -> Streams:
        """Raises WebhookAddressForbidden before anything is connected to, or OSError."""
        found = await self._resolver.addresses(tenant, url.host, url.port)
        self._check(found)
        failure: OSError = OSError("the name has no address")
        for address in found:
            try:
                return await self._open(address, url)
            except ssl.SSLError:  # another address would not have another certificate
                raise
            except OSError as error:
                failure = error
        raise failure

    def _check(self, addresses: Sequence[str]) -> None:
        for text in addresses:
            if "%" in text or is_forbidden(ip_address(text), allow_loopback=self._allow_loopback):
                raise WebhookAddressForbidden("the host leads to an address that is not public")

    async def _open(self, address: str, url: WebhookUrl) -> Streams:
        """TLS asks for the host by its name, and its certificate must be of that name."""
        if url.scheme == "http":
            return await asyncio.open_connection(address, url.port)
        return await asyncio.open_connection(
            address, url.port, ssl=self._tls, server_hostname=url.host
        )
