"""How a request gets in where keys are asked for."""

from dataclasses import dataclass
from functools import cache
from typing import Self

from api.key_check import KeyCheck
from api.web.sessions import Sessions
from shared.container import Container


@dataclass(frozen=True, slots=True)
class Entrance:
    """Of one API process: the layer ahead of the routes and the sign-in page count together."""

    keys: KeyCheck
    sessions: Sessions

    @classmethod
    def of(cls, container: Container) -> Self:
        from shared.webhooks.cipher import open_cipher

        keys = KeyCheck(container.key_ring, container.clock)
        return cls(keys, Sessions(cache(lambda: open_cipher(container.settings))))
