"""The `Cache-Control` header of a request (RFC 9111), as far as it concerns the result cache."""

from typing import NamedTuple

from starlette.requests import Request

from api.headers import headers


class CacheControl(NamedTuple):
    """`reuse`: an earlier result will do. `keep`: this one may be kept for others."""

    reuse: bool
    keep: bool


ANYTHING = CacheControl(reuse=True, keep=True)


def read_cache_control(request: Request) -> CacheControl:
    """`no-cache` asks for a run of its own, `no-store` for one that leaves nothing behind."""
    lines = headers(request, b"cache-control")
    if not lines:
        return ANYTHING
    wanted = {directive.strip().lower() for line in lines for directive in line.split(",")}
    keep = "no-store" not in wanted
    return CacheControl(reuse=keep and wanted.isdisjoint({"no-cache", "max-age=0"}), keep=keep)
