"""The URL of a webhook, read strictly: what two parsers could read differently is refused.

Literal addresses are checked here, in every notation that a resolver would understand; what a name
resolves to is checked when the webhook is sent, at the very address that is connected to.
"""

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from unicodedata import normalize

from shared.errors import InvalidWebhookUrl, WebhookAddressForbidden
from shared.webhooks.addresses import is_forbidden

MAX_CHARS = 2048
PORTS = frozenset({443, 8443})

_PATH = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*"
_QUERY = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*"
_SHAPE = re.compile(
    r"(?P<scheme>[Hh][Tt][Tt][Pp][Ss]?)://"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:/?#@\\%\s]+)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    rf"(?P<path>/{_PATH})?(?P<query>\?{_QUERY})?"
)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LOCAL_NAMES = frozenset({"localhost", "localdomain", "local", "internal", "home.arpa", "lan"})


@dataclass(frozen=True, slots=True)
class WebhookUrl:
    """`host` is a name in lower case or a literal address, without brackets."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = 443 if self.scheme == "https" else 80
        return host if self.port == default else f"{host}:{self.port}"


def parse_url(text: str, *, development: bool = False) -> WebhookUrl:
    """In `development` plain http, any port and this machine itself are allowed too.

    Raises InvalidWebhookUrl or WebhookAddressForbidden.
    """
    shape = _SHAPE.fullmatch(text) if len(text) <= MAX_CHARS else None
    if shape is None:
        raise InvalidWebhookUrl(
            f"should be an https URL of at most {MAX_CHARS} characters, "
            "without credentials and fragment"
        )
    scheme = shape["scheme"].lower()
    if scheme == "http" and not development:
        raise InvalidWebhookUrl("should be an https URL")
    port = int(shape["port"] or (443 if scheme == "https" else 80))
    if not (0 < port < 65536 if development else port in PORTS):
        raise InvalidWebhookUrl("should be on port 443 or 8443")
    host = _host(shape["host"], development)
    return WebhookUrl(scheme, host, port, (shape["path"] or "/") + (shape["query"] or ""))


def _host(text: str, development: bool) -> str:
    if text.startswith("["):
        return _literal(_ipv6(text[1:-1]), development)
    name = normalize("NFKC", text).replace("\u3002", ".").lower().removesuffix(".")
    address = _ipv4(name)
    if address is not None:
        literal = _literal(address, development)  # forbidden, however it is written
        if text != literal:
            raise InvalidWebhookUrl("an address should be written as four decimal numbers")
        return literal
    if not text.isascii():
        raise InvalidWebhookUrl("an international name should be written in its xn-- form")
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]) or len(name) > 253:
        raise InvalidWebhookUrl("the host should be a name")
    if not all(map(_LABEL.fullmatch, labels)):
        raise InvalidWebhookUrl("the host should be a name")
    if _is_local(labels) and not (development and labels[-1] == "localhost"):
        raise WebhookAddressForbidden("the host should be a public name")
    return name


def _is_local(labels: list[str]) -> bool:
    """Names that a private network alone can resolve."""
    ends = {".".join(labels[-count:]) for count in (1, 2)}
    return len(labels) == 1 or not ends.isdisjoint(_LOCAL_NAMES)


def _ipv4(name: str) -> IPv4Address | None:
    """Decimal, octal, hexadecimal, of one to four parts: as a resolver reads them."""
    try:
        return IPv4Address(socket.inet_aton(name))
    except (OSError, UnicodeError):
        return None


def _ipv6(text: str) -> IPv6Address:
    try:
        return IPv6Address(text)
    except ValueError:
        raise InvalidWebhookUrl("the host is no address") from None


def _literal(address: IPv4Address | IPv6Address, development: bool) -> str:
    if is_forbidden(address, allow_loopback=development):
        raise WebhookAddressForbidden("the host should be a public address")
    return str(address)
