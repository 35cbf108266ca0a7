"""What pages load: read once at the start, kept by browsers for good under a name with its hash."""

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
PREFIX = "/static/"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    content_type: bytes
    data: bytes
    zipped: bytes
    version: str


@cache
def static_files() -> dict[str, StaticFile]:
    """By their path below `static`."""
    return {
        str(path.relative_to(FOLDER)): _read(path)
        for path in sorted(FOLDER.rglob("*"))
        if path.suffix in _TYPES
    }


def static_url(name: str) -> str:
    """Below the root of the pages; another content has another URL."""
    return f"{PREFIX}{name}?v={static_files()[name].version}"


def _read(path: Path) -> StaticFile:
    data = path.read_bytes()
    version = sha256(data).hexdigest()[:12]
    return StaticFile(_TYPES[path.suffix].encode(), data, gzip.compress(data, mtime=0), version)
