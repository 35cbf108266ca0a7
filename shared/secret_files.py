"""Secrets that come by file: `QUEUECAST_X_FILE` names a file that holds the value of `QUEUECAST_X`.

The launcher reads this before anything is installed: the standard library alone.
"""

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from shared.errors import StartupRefused

PREFIX = "QUEUECAST_"
SUFFIX = "_FILE"
PASSWORDS = {
    "QUEUECAST_REDIS_PASSWORD": "QUEUECAST_REDIS_URL",
    "QUEUECAST_DATABASE_PASSWORD": "QUEUECAST_DATABASE_URL",
}
"""Which URL a password belongs into."""

PLAIN_PATHS = frozenset({"QUEUECAST_ALIVE_FILE"})
"""Settings that are called so themselves."""

FILE_MAX_BYTES = 64 << 10


def settings_of(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that files or passwords have a say in, as the settings should read them.

    Raises StartupRefused, in one line that shows no secret, for a file that cannot be read, a
    setting given in both ways, and a password without a URL that it fits.
    """
    found = {
        name.removesuffix(SUFFIX): _content(name, Path(path), environment)
        for name, path in environment.items()
        if path and _names_a_file(name)
    }
    for password, url in PASSWORDS.items():
        if given := found.get(password) or environment.get(password):
            found[url] = _joined(found.get(url) or environment.get(url, ""), given, password, url)
    return found


def take_in(environment: MutableMapping[str, str]) -> None:
    """Puts the values in the place of the names of their files."""
    environment.update(settings_of(environment))
    for name in [one for one in environment if _names_a_file(one) or one in PASSWORDS]:
        del environment[name]


def _names_a_file(name: str) -> bool:
    return name.startswith(PREFIX) and name.endswith(SUFFIX) and name not in PLAIN_PATHS


def _content(name: str, path: Path, environment: Mapping[str, str]) -> str:
    target = name.removesuffix(SUFFIX)
    if environment.get(target):
        raise StartupRefused(f"{target} and {name} are both set; one of them is enough")
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(FILE_MAX_BYTES).strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise StartupRefused(f"{name}: {path} cannot be read: {reason}") from None
    if not text:
        raise StartupRefused(f"{name}: {path} is empty")
    return text


def _joined(url: str, password: str, name: str, url_name: str) -> str:
    parts = urlsplit(url)
    if not parts.hostname:
        raise StartupRefused(f"{name} is set, but {url_name} names no host that would ask for it")
    user, _, place = parts.netloc.rpartition("@")
    login = f"{user.partition(':')[0]}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{login}@{place}"))
