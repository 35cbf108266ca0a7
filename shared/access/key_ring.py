"""The keys that one API process has seen, so that most requests ask nobody.

What SQL said of a key counts for `FRESH_SECONDS`; while SQL cannot be asked, for `LAST_SECONDS` at
most. So a key that is revoked opens nothing 30 s later, whatever happens meanwhile.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from sqlalchemy import Engine, RowMapping

from shared.access import store
from shared.access.keys import ID_LENGTH, PREFIX, digest, read_id
from shared.access.principal import Limits, Principal, Scope
from shared.clock import Clock
from shared.db.engine import reading, writing
from shared.errors import BusyError

FRESH_SECONDS = 15.0
LAST_SECONDS = 30.0
KEPT = 10_000
"""More keys than this in use within one process are asked for anew now and then."""

_ID = slice(len(PREFIX), len(PREFIX) + ID_LENGTH)
_NOBODY = digest(b"")


@dataclass(frozen=True, slots=True)
class _Known:
    digest: str
    principal: Principal
    expires_at: datetime | None
    read_at: float


class KeyRing:
    """Used on the event loop of one API process; `defaults` are the limits of any tenant."""

    def __init__(self, engine: Engine, clock: Clock, defaults: Limits) -> None:
        self._engine = engine
        self._clock = clock
        self._defaults = defaults
        self._known: dict[bytes, _Known] = {}
        self._asking: dict[bytes, asyncio.Task[Principal | None]] = {}

    def known(self, key: bytes, max_age_seconds: float = FRESH_SECONDS) -> Principal | None:
        """Whose key this is, if that is known without asking."""
        found = self._known.get(key[_ID])
        if found is None or self._clock.monotonic() - found.read_at > max_age_seconds:
            return None
        if not compare_digest(found.digest, digest(key)):
            return None
        if found.expires_at is not None and found.expires_at <= self._clock.now():
            return None
        return found.principal

    def has_seen(self, key: bytes) -> bool:
        """Whether this very key was good when it was last asked for, however long ago."""
        return self.known(key, float("inf")) is not None

    async def find(self, key: bytes) -> Principal | None:
        """Whose key this is; None of one that opens nothing, whatever the reason.

        Raises BusyError while that cannot be known.
        """
        principal = self.known(key)
        if principal is not None:
            return principal
        task = self._asking.get(key)
        if task is None:  # all that ask for one key share the answer
            task = asyncio.create_task(asyncio.to_thread(self._read, key))
            self._asking[key] = task
            task.add_done_callback(lambda _: self._asking.pop(key))
        try:
            return await asyncio.shield(task)
        except BusyError:
            principal = self.known(key, LAST_SECONDS)
            if principal is None:
                raise
            return principal

    def _read(self, key: bytes) -> Principal | None:
        key_id = read_id(key)
        row = None
        if key_id is not None:
            with reading(self._engine) as connection:
                row = store.read(connection, key_id)
        # The same work whether there is such a key or not.
        is_it = compare_digest(row["digest"] if row else _NOBODY, digest(key))
        if row is None or not is_it:
            return None
        now = self._clock.now()
        if row["revoked_at"] is not None or (row["expires_at"] and row["expires_at"] <= now):
            self._known.pop(key[_ID], None)
            return None
        found = self._learned(row)
        self._note_use(row, now)
        while len(self._known) >= KEPT:
            self._known.pop(next(iter(self._known)))
        self._known[key[_ID]] = found
        return found.principal

    def _learned(self, row: RowMapping) -> _Known:
        scopes = frozenset(Scope(word) for word in row["scopes"].split())
        limits = self._defaults.with_own(row)  # type: ignore[arg-type]
        principal = Principal(row["tenant"], scopes, limits.policies)
        return _Known(row["digest"], principal, row["expires_at"], self._clock.monotonic())

    def _note_use(self, row: RowMapping, now: datetime) -> None:
        last = row["last_used_at"]
        if last is not None and now - last < store.LAST_USED_AFTER:
            return
        try:
            with writing(self._engine) as connection:
                store.note_use(connection, row["id"], now)
        except BusyError:
            return  # it opens all the same; the next request notes it
