"""kombu's Redis channel, which hands on nothing but bells and control commands."""

from collections.abc import Callable
from typing import Any

from kombu.transport import redis as transport

from shared.backlog.control_check import is_control
from workers.pulse import CANARY

Popped = tuple[bytes, bytes] | list[bytes] | None


def let_pass_only(
    is_bell: Callable[[bytes], bool],
    refused: Callable[[bytes], None],
    heard: Callable[[], None] = lambda: None,
) -> None:
    """From now on, what this process pops from a queue and is no bell goes to `refused` instead.

    kombu then finds nothing, as after a pop that timed out. A canary goes nowhere; `heard` is told
    of whatever came.
    """

    def checked(popped: Popped, **_: object) -> Popped:
        if not popped:
            return popped
        heard()
        if is_bell(popped[1]):
            return popped
        if popped[1] != CANARY:
            refused(popped[1])
        return None

    class BellChannel(transport.Channel):
        def _create_client(self, asynchronous: bool = False) -> Any:
            client = super()._create_client(asynchronous)  # type: ignore[no-untyped-call]
            client.set_response_callback("BRPOP", checked)
            return client

        def _handle_message(self, client: Any, response: Any) -> Any:
            """A control message that is none reaches all workers, and would end them all."""
            payload = super()._handle_message(client, response)  # type: ignore[no-untyped-call]
            data = payload["data"]
            if isinstance(data, bytes) and not is_control(data):
                refused(data)
                payload["data"] = None
            return payload

    transport.Transport.Channel = BellChannel
