"""`./run keys`: API keys are made, listed, rotated and revoked by whoever has the database."""

import argparse
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from deploy.local.data_dir import DATA_DIR_HELP, DataDir
from deploy.local.one_line_parser import OneLineParser, number
from deploy.local.terminal import note, say
from shared.errors import StartupRefused

if TYPE_CHECKING:
    from sqlalchemy import Engine, RowMapping

    from shared.access.principal import Scope

DAYS_MAX = 3650
NAME_MAX = 64
BOUND_MAX = 2**31 - 1
BYTES_MAX = 2**53


def keys(arguments: Sequence[str]) -> int:
    """0 when it is done; raises StartupRefused when it cannot be done."""
    from deploy.local.database import opened_database

    wanted = _parser().parse_args(arguments)
    command: Callable[[Engine, argparse.Namespace], None] = wanted.command
    with opened_database(DataDir.chosen(wanted.data_dir)) as engine:
        command(engine, wanted)
    return 0


def _create(engine: "Engine", wanted: argparse.Namespace) -> None:
    now = datetime.now(UTC)
    expires_at = now + timedelta(days=wanted.days) if wanted.days else None
    about = {"tenant": wanted.tenant, "name": wanted.name, "scopes": wanted.scopes}
    _store(engine, **about, now=now, expires_at=expires_at)


def _rotate(engine: "Engine", wanted: argparse.Namespace) -> None:
    """Another key of the same tenant and scopes; the old one goes on for a while."""
    from shared.access import store
    from shared.access.principal import Scope
    from shared.db.engine import writing

    now, old = datetime.now(UTC), _usable(engine, wanted.id)
    lasted = old["expires_at"] - old["created_at"] if old["expires_at"] else None
    scopes = [Scope(word) for word in old["scopes"].split()]
    _store(
        engine, tenant=old["tenant"], name=old["name"], scopes=scopes, now=now,
        expires_at=now + lasted if lasted else None,
    )  # fmt: skip
    with writing(engine) as connection:
        store.expire(connection, wanted.id, now + timedelta(hours=wanted.hours))
    note(f"{wanted.id} opens for {wanted.hours} more hours")


def _revoke(engine: "Engine", wanted: argparse.Namespace) -> None:
    from shared.access import store
    from shared.db.engine import writing

    with writing(engine) as connection:
        if not store.revoke(connection, wanted.id, datetime.now(UTC)):
            raise StartupRefused(f"there is no key {wanted.id} to revoke; ./run keys list")
    note(f"{wanted.id} is revoked: it opens nothing any more within 30 s")


def _list(engine: "Engine", wanted: argparse.Namespace) -> None:
    from shared.access import store
    from shared.db.engine import reading

    with reading(engine) as connection:
        found = [_shown(row) for row in store.read_all(connection, wanted.tenant)]
    if wanted.json:
        say(json.dumps(found))
    elif found:
        for cells in (tuple(_COLUMNS), *(_cells(one) for one in found)):
            padded = (
                f"{cell:<{width}}" for cell, width in zip(cells, _COLUMNS.values(), strict=True)
            )
            say("  ".join(padded).rstrip())
    else:
        note("there is no key yet; ./run keys create makes one")


def _limit(engine: "Engine", wanted: argparse.Namespace) -> None:
    from shared.access import store
    from shared.db.engine import reading, writing

    given = {name: getattr(wanted, name) for name in _BOUNDS if hasattr(wanted, name)}
    if given:
        with writing(engine) as connection:
            store.limit(connection, wanted.tenant, given)
    with reading(engine) as connection:
        found = [row for row in store.read_limits(connection) if row["tenant"] == wanted.tenant]
    for name in _BOUNDS:
        bound = found[0][name] if found else None
        said = {None: "as the settings say", 0: "as much as there is"}.get(bound, str(bound))
        say(f"{name:<19}  {said}")


_COLUMNS = {
    "id": 8, "name": 16, "tenant": 16, "scopes": 18, "state": 8, "created_at": 16,
    "expires_at": 16, "last_used_at": 16,
}  # fmt: skip
_BOUNDS = {
    "requests_per_second": BOUND_MAX,
    "jobs_in_flight": BOUND_MAX,
    "bytes_per_day": BYTES_MAX,
}


def _store(
    engine: "Engine",
    *,
    tenant: str,
    name: str,
    scopes: "Sequence[Scope]",
    now: datetime,
    expires_at: datetime | None,
) -> None:
    """Stores a new key and shows it, for the only time."""
    from shared.access import store
    from shared.access.keys import make_key
    from shared.db.engine import writing

    key = make_key()
    with writing(engine) as connection:
        store.insert(
            connection, key, tenant=tenant, name=name, scopes=scopes, now=now,
            expires_at=expires_at,
        )  # fmt: skip
    say(key.text)
    until = f", until {_minute(expires_at)} UTC" if expires_at else ""
    note(f"key {key.id} of tenant {tenant} may {', '.join(scopes)}{until}; it is shown only now")


def _usable(engine: "Engine", key_id: str) -> "RowMapping":
    from shared.access import store
    from shared.db.engine import reading

    with reading(engine) as connection:
        row = store.read(connection, key_id)
    if row is None or _state(row) != "usable":
        raise StartupRefused(f"there is no usable key {key_id}; ./run keys list")
    return row


def _shown(row: "RowMapping") -> dict[str, Any]:
    moments = {name: _minute(row[name]) for name in ("created_at", "expires_at", "last_used_at")}
    texts = {name: row[name] for name in ("id", "name", "tenant", "scopes")}
    return texts | {"state": _state(row)} | moments


def _cells(shown: dict[str, Any]) -> tuple[str, ...]:
    return tuple(shown[name] or "-" for name in _COLUMNS)


def _state(row: "RowMapping") -> str:
    if row["revoked_at"]:
        return "revoked"
    ended = row["expires_at"] and row["expires_at"] <= datetime.now(UTC)
    return "expired" if ended else "usable"


def _minute(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%d %H:%M") if moment else None


def _parser() -> OneLineParser:
    parser = OneLineParser(prog="./run keys", description="API keys and what tenants may use.")
    commands = parser.add_subparsers(required=True, metavar="create|list|rotate|revoke|limit")

    def add(name: str, command: Callable[..., None], purpose: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=purpose, description=purpose)
        added.add_argument("--data-dir", metavar="DIR", help=DATA_DIR_HELP)
        added.set_defaults(command=command)
        return added

    create = add("create", _create, "make a key and show it, once")
    create.add_argument("--tenant", type=_tenant, default="default", help="%(default)s")
    create.add_argument("--name", type=_name, default="", help="whose or what it is for")
    create.add_argument(
        "--scopes",
        type=_scopes,
        default="predict,read",
        help="of predict, read, admin; %(default)s",
    )
    create.add_argument("--days", type=number(1, DAYS_MAX), help="until it ends; else it lasts")
    listing = add("list", _list, "every key, but never its text")
    listing.add_argument("--tenant", type=_tenant, help="only this one's")
    listing.add_argument("--json", action="store_true", help="for programs")
    rotate = add("rotate", _rotate, "make a key like another, which ends a little later")
    rotate.add_argument("id", help="the old key's id")
    rotate.add_argument(
        "--hours",
        type=number(0, 24 * DAYS_MAX),
        default=24,
        help="the old one goes on; %(default)s",
    )
    add("revoke", _revoke, "end a key within 30 s").add_argument("id", help="its id")
    limit = add("limit", _limit, "show or set what a tenant may use")
    limit.add_argument("tenant", type=_tenant)
    for name, most in _BOUNDS.items():
        limit.add_argument(
            f"--{name.replace('_', '-')}", type=_bound(most), default=argparse.SUPPRESS,
            metavar="N", help="0: as much as there is; default: as the settings say",
        )  # fmt: skip
    return parser


def _bound(most: int) -> Callable[[str], int | None]:
    return lambda text: None if text == "default" else number(0, most)(text)


def _tenant(text: str) -> str:
    from models.manifest import is_name

    if not is_name(text):
        raise argparse.ArgumentTypeError("a tenant's name is of a-z 0-9 . _ - and 64 at most")
    return text


def _name(text: str) -> str:
    if len(text) > NAME_MAX or not text.isprintable():
        raise argparse.ArgumentTypeError(f"a name has at most {NAME_MAX} printable characters")
    return text


def _scopes(text: str) -> "list[Scope]":
    from shared.access.principal import Scope

    try:
        return sorted({Scope(word) for word in text.split(",")})
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"scopes are of {', '.join(Scope)}, with commas between them"
        ) from None
