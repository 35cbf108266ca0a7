"""The tables of keys and of what tenants may use."""

from datetime import datetime

from sqlalchemy import BigInteger, Table
from sqlmodel import Field, SQLModel

from shared.db.columns import UtcDateTime


class ApiKey(SQLModel, table=True):
    """One key: `digest` is the SHA-256 of its text, `scopes` words with spaces between them."""

    __tablename__ = "api_key"

    id: str = Field(primary_key=True, max_length=8)
    tenant: str = Field(max_length=64)
    name: str = Field(max_length=64)
    digest: str = Field(max_length=64)
    scopes: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TenantLimits(SQLModel, table=True):
    """What one tenant may use; NULL: as the settings say, 0: as much as there is."""

    __tablename__ = "tenant_limits"

    tenant: str = Field(primary_key=True, max_length=64)
    requests_per_second: int | None = None
    jobs_in_flight: int | None = None
    bytes_per_day: int | None = Field(default=None, sa_type=BigInteger)


key_table: Table = ApiKey.__table__  # type: ignore[attr-defined]
limits_table: Table = TenantLimits.__table__  # type: ignore[attr-defined]
