"""API keys as text: `queuecast_<id>_<secret><checksum>`.

The secret is 32 random bytes in base 62. Prefix and checksum let a scanner find a key that leaked,
without asking us, and keep it from taking other text for one. Only a key's SHA-256 is stored: what
is random enough needs no slow hash.
"""

import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from string import ascii_letters, digits
from zlib import crc32

PREFIX = "queuecast_"
ID_LENGTH = 8

_ALPHABET = digits + ascii_letters
_SECRET_BYTES = 32
_SECRET_LENGTH = 43  # of 256 bits in base 62
_CHECKSUM_LENGTH = 6  # of 32 bits
_FORM = re.compile(
    rf"{PREFIX}([0-9A-Za-z]{{{ID_LENGTH}}})_[0-9A-Za-z]{{{_SECRET_LENGTH + _CHECKSUM_LENGTH}}}"
)


@dataclass(frozen=True, slots=True, repr=False)
class NewKey:
    """A key that was just made. Its text is shown once, so it has no `repr` to slip into a log."""

    id: str
    text: str

    @property
    def digest(self) -> str:
        return digest(self.text.encode())


def make_key() -> NewKey:
    key_id = "".join(secrets.choice(_ALPHABET) for _ in range(ID_LENGTH))
    secret = _base62(int.from_bytes(secrets.token_bytes(_SECRET_BYTES)), _SECRET_LENGTH)
    text = f"{PREFIX}{key_id}_{secret}"
    return NewKey(key_id, text + _checksum(text))


def read_id(key: bytes) -> str | None:
    """The id in a key's text; None where the text is none of a key."""
    found = _FORM.fullmatch(key.decode("latin-1"))
    if found is None:
        return None
    text = found[0]
    return found[1] if text.endswith(_checksum(text[:-_CHECKSUM_LENGTH])) else None


def digest(key: bytes) -> str:
    """What is stored of a key: the hex of its SHA-256."""
    return sha256(key).hexdigest()


def _checksum(text: str) -> str:
    return _base62(crc32(text.encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    figures = []
    for _ in range(length):
        number, figure = divmod(number, len(_ALPHABET))
        figures.append(_ALPHABET[figure])
    return "".join(reversed(figures))
