"""The `file` table: what is known of each uploaded file but its content."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Table
from sqlmodel import Field, SQLModel

from shared.db.columns import JobId, JsonBytes, UtcDateTime


class StoredFile(SQLModel, table=True):
    """One file; its content stands in the blob store under `files/<id>` as long as this row.

    `size` is in bytes, `sha256` in hex. From `expires_at` on nobody sees it any more.
    """

    __tablename__ = "file"

    id: str = Field(primary_key=True, sa_type=JobId)
    tenant: str = Field(max_length=64)
    name: str = Field(max_length=255)
    content_type: str = Field(max_length=127)
    size: int = Field(sa_type=BigInteger)
    sha256: str = Field(max_length=64)
    file_metadata: bytes = Field(sa_type=JsonBytes)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (
        Index("file_newest_first", "tenant", "created_at", "id"),
        Index("file_expires", "expires_at"),
    )


file_table: Table = StoredFile.__table__  # type: ignore[attr-defined]
