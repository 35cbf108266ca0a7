"""Sessions of the web page: the API key itself, sealed in a cookie that no script can read.

Nothing is kept on our side, so every API process knows every session, and a key that is revoked
ends its sessions. A request that changes something must also name the session in a header: a page
elsewhere can neither read the token nor set the header.
"""

import re
from collections.abc import Callable
from functools import cached_property
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from api.key_check import KEY_MAX_BYTES
from shared.errors import Forbidden

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

COOKIE = "queuecast_session"
TOKEN_HEADER = "X-Session-Token"  # noqa: S105 - a name, no secret
LASTS_SECONDS = 12 * 3600
SAFE = frozenset({"GET", "HEAD"})

_SEALED = re.compile(r"[\w-]+=*", re.ASCII)

_PURPOSE = b"web session "
"""What else is sealed with the same keys is no session."""


class Sessions:
    """`make_cipher` may raise Unavailable: then nobody can sign in."""

    def __init__(self, make_cipher: Callable[[], "MultiFernet"]) -> None:
        self._make_cipher = make_cipher

    @cached_property
    def _cipher(self) -> "MultiFernet":
        return self._make_cipher()

    def key(self, scope: Scope) -> bytes:
        """The key of the request's session, nothing without one.

        Raises Forbidden where a change is asked for without the session's token.
        """
        sealed = session(scope)
        key = self._open(sealed) if sealed else b""
        if key and scope["method"] not in SAFE:
            token = Headers(scope=scope).get(TOKEN_HEADER, "")
            if not compare_digest(token.encode(), token_of(sealed).encode()):
                raise Forbidden(f"a session of the web page names itself: {TOKEN_HEADER}")
        return key

    def begin(self, response: Response, key: bytes, *, path: str, secure: bool) -> None:
        """Has the browser keep `key`, sealed; the cookie is sent by pages of ours alone."""
        sealed = self._cipher.encrypt(_PURPOSE + key).decode()
        response.set_cookie(
            COOKIE, sealed, LASTS_SECONDS, path=path, secure=secure, httponly=True,
            samesite="strict",
        )  # fmt: skip

    def _open(self, sealed: str) -> bytes:
        from cryptography.fernet import InvalidToken

        try:
            opened = self._cipher.decrypt(sealed.encode(), LASTS_SECONDS)
        except InvalidToken:
            return b""
        key = opened.removeprefix(_PURPOSE)
        return key if len(key) < len(opened) and len(key) <= KEY_MAX_BYTES else b""


def session(scope: Scope) -> str:
    """The sealed session that a request brought; empty without one.

    The standard library's reader takes seconds for some cookies, and who sends them is unknown.
    """
    for one in Headers(scope=scope).get("cookie", "").split(";"):
        name, _, value = one.strip().partition("=")
        if name == COOKIE:
            sealed = value.strip('"')
            return sealed if _SEALED.fullmatch(sealed) else ""
    return ""


def token_of(sealed: str) -> str:
    """What a request that changes something has to say; who cannot read the cookie cannot tell."""
    return sha256(b"token of " + sealed.encode()).hexdigest() if sealed else ""


def end(response: Response, *, path: str) -> None:
    response.delete_cookie(COOKIE, path=path, httponly=True, samesite="strict")
