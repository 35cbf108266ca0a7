"""Webhooks at the server: the secret, what was delivered, sending again; as steps without I/O."""

from dataclasses import dataclass
from urllib.parse import quote

from queuecast.answers import read
from queuecast.encoding import encode
from queuecast.exchange import Exchange
from queuecast.results import Delivery, DeliveryPage, WebhookSecret
from queuecast.steps import Operation, Request

WEBHOOKS = "/api/v1/webhooks/default"
DELIVERIES = "/api/v1/deliveries"
PREDICTIONS = "/api/v1/predictions"


@dataclass(frozen=True, slots=True)
class WebhookOperations:
    exchange: Exchange

    def deliveries(self, id: str) -> Operation[list[Delivery]]:
        request = Request("GET", f"{PREDICTIONS}/{quote(id, safe='')}/deliveries")
        return read((yield from self.exchange.send(request)), DeliveryPage).results

    def delivery(self, id: str) -> Operation[Delivery]:
        request = Request("GET", f"{DELIVERIES}/{quote(id, safe='')}")
        return read((yield from self.exchange.send(request)), Delivery)

    def replay(self, id: str) -> Operation[Delivery]:
        request = Request("POST", f"{DELIVERIES}/{quote(id, safe='')}/replay")
        return read((yield from self.exchange.send(request)), Delivery)

    def test(self, url: str) -> Operation[Delivery]:
        """Sent again it is another test."""
        request = Request("POST", f"{WEBHOOKS}/test", body=encode({"url": url}))
        return read((yield from self.exchange.send(request)), Delivery)

    def secret(self, *, rotate: bool = False) -> Operation[str]:
        """A rotation that is sent again rotates again; the secret before all of it stays good."""
        method, path = ("POST", "/secret/rotate") if rotate else ("GET", "/secret")
        response = yield from self.exchange.send(Request(method, WEBHOOKS + path))
        return read(response, WebhookSecret).key
