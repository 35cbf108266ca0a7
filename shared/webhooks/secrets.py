"""The secrets that sign webhooks: one for each tenant, made on first use, encrypted in SQL."""

import base64
import os
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, RowMapping, select, update
from sqlalchemy.dialects import postgresql, sqlite

from shared.clock import Clock
from shared.db.engine import reading, writing
from shared.errors import Unavailable
from shared.webhooks.table import secret_table as table

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

SECRET_BYTES = 32
BOTH_SIGN = timedelta(days=1)
"""So long after a rotation the previous secret signs too."""

PREVIOUS_MAX = 3
"""Who rotates twice, perhaps because an answer was lost, does not lose the secret in use."""


class Secrets:
    """Blocking. `cipher` is made when it is first needed: it may refuse to be made."""

    def __init__(self, engine: Engine, clock: Clock, cipher: Callable[[], "MultiFernet"]) -> None:
        self._engine = engine
        self._clock = clock
        self._cipher = cipher

    def current(self, tenant: str) -> str:
        """`whsec_…`, as the tenant's receivers know it; raises BusyError."""
        found = self.signing([tenant])
        if not found:
            raise Unavailable("the webhook secret is encrypted with another key")
        return found[tenant][0]

    def rotate(self, tenant: str) -> str:
        """A new secret; those that were in force sign too, for a day from now."""
        self.current(tenant)  # there is always one to replace
        new = _new_secret()
        its = table.c.tenant == tenant
        with writing(self._engine) as connection:
            row = connection.execute(select(table).where(its).with_for_update()).mappings().one()
            changes = {
                "previous": ",".join([row["secret"], *self._previous(row)][:PREVIOUS_MAX]),
                "secret": self._encrypt(new),
                "rotated_at": self._clock.now(),
            }
            connection.execute(update(table).where(its).values(changes))
        return new

    def signing(self, tenants: Iterable[str]) -> dict[str, list[str]]:
        """For each tenant the secrets that sign now, the current one first.

        A tenant whose current secret no key of ours decrypts is left out.
        """
        wanted = sorted(set(tenants))
        with reading(self._engine) as connection:
            found = _read(connection, wanted)
        if missing := [one for one in wanted if one not in found]:
            with writing(self._engine) as connection:
                self._make(connection, missing)
                found = _read(connection, wanted)
        decrypted = {tenant: self._decrypted(row) for tenant, row in found.items()}
        return {tenant: secrets for tenant, secrets in decrypted.items() if secrets}

    def _make(self, connection: Connection, tenants: Iterable[str]) -> None:
        """One that another process has made meanwhile stays."""
        dialect = {"postgresql": postgresql, "sqlite": sqlite}[connection.dialect.name]
        rows = [{"tenant": one, "secret": self._encrypt(_new_secret())} for one in tenants]
        connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)

    def _encrypt(self, secret: str) -> str:
        return self._cipher().encrypt(secret.encode()).decode()

    def _decrypted(self, row: RowMapping) -> list[str]:
        """None where the current one cannot be read; without those before that cannot."""
        current = self._decrypt(row["secret"])
        before = [self._decrypt(one) for one in self._previous(row)]
        return [one for one in (current, *before) if one] if current else []

    def _decrypt(self, stored: str) -> str | None:
        from cryptography.fernet import InvalidToken

        try:
            return self._cipher().decrypt(stored.encode()).decode()
        except (InvalidToken, ValueError):
            return None

    def _previous(self, row: RowMapping) -> list[str]:
        """Those that still sign, encrypted."""
        recent = row["rotated_at"] and self._clock.now() - row["rotated_at"] < BOTH_SIGN
        return row["previous"].split(",") if recent else []


def signatures(secrets: Iterable[str], id: str, at: datetime, body: bytes) -> str:
    """The value of `webhook-signature`: one for each secret."""
    from standardwebhooks import Webhook

    return " ".join(Webhook(secret).sign(id, at, body.decode()) for secret in secrets)


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(os.urandom(SECRET_BYTES)).decode()


def _read(connection: Connection, tenants: list[str]) -> dict[str, RowMapping]:
    rows = connection.execute(select(table).where(table.c.tenant.in_(tenants))).mappings()
    return {row["tenant"]: row for row in rows}
