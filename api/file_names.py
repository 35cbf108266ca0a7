"""Names and types of files, as far as it is safe to repeat them to others."""

import re
import unicodedata
from urllib.parse import quote

NAME_MAX_BYTES = 255
UNNAMED = "file"
UNKNOWN_TYPE = "application/octet-stream"

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")


def safe_name(text: str) -> str:
    """The last part of a path, of either kind, without what no reader sees, in 255 bytes."""
    last = re.split(r"[/\\]", text)[-1]
    # Cc and Cf: line breaks, and marks that show a name backwards (`gpj.exe` for `exe.jpg`).
    seen = "".join(one for one in last if unicodedata.category(one)[0] != "C").strip()
    cut = seen.encode()[:NAME_MAX_BYTES].decode(errors="ignore")
    return cut if cut.strip(". ") else UNNAMED


def safe_type(text: str) -> str:
    """A media type without its parameters; what is none is `application/octet-stream`."""
    found = text.partition(";")[0].strip().lower()
    return found if _TYPE.fullmatch(found) else UNKNOWN_TYPE


def attachment(name: str) -> str:
    """A `Content-Disposition` that has browsers store the file, never show it (RFC 6266)."""
    plain = re.sub(r"[^ !#-\[\]-~]|%", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
