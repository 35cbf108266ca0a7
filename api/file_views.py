"""Files on the wire: the shape that Replicate's clients know, and where the content stands."""

from typing import Any

from shared.domain.prediction import wire_time
from shared.files.files import File


def file_view(file: File, base: str) -> dict[str, Any]:
    """`base` is the URL of the API."""
    url = f"{base}/files/{file.id}"
    return {
        "id": file.id,
        "name": file.name,
        "content_type": file.content_type,
        "size": file.size,
        "etag": file.sha256,
        "checksums": {"sha256": file.sha256},
        "metadata": file.metadata,
        "created_at": wire_time(file.created_at),
        "expires_at": wire_time(file.expires_at),
        "urls": {"get": url, "content": f"{url}/content"},
    }
