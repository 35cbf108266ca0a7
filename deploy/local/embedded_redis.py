"""An own Redis server, on a unix socket that only its owner reaches."""

import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.children import Program
from deploy.local.redis_binary import find_server

LONGEST_SOCKET_PATH = 100
"""Unix sockets end at 104 bytes on macOS and 108 on Linux."""

MAX_MEMORY = "1gb"
"""Full, it refuses writes and jobs wait in SQL; without a bound the machine would run out."""


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """How to start the server, and where it will listen; a password only with a TCP port."""

    url: str
    program: Program
    address: str | tuple[str, int]
    password: str

    def answers(self) -> bool:
        """Whether it is up and has loaded its data."""
        family = socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET
        lines = [*([f"AUTH {self.password}"] if self.password else []), "PING", ""]
        try:
            with socket.socket(family) as connection:
                connection.settimeout(0.5)
                connection.connect(self.address)
                connection.sendall("\r\n".join(lines).encode())
                with connection.makefile("rb") as answers:
                    return [answers.readline() for _ in lines[1:]][-1] == b"+PONG\r\n"
        except OSError:
            return False


@contextmanager
def embedded_redis(
    log: Path, environment: Mapping[str, str], append_only_dir: Path | None
) -> Iterator[EmbeddedRedis]:
    """A server not yet started; the folder of its socket goes at the end.

    With `append_only_dir` its data is kept there (an append-only file, synced every second);
    without, nothing is kept.
    """
    binary, home = find_server(), _private_folder()
    try:
        address, password, url = _place(home / "redis.sock")
        file = home / "redis.conf"  # not the command line: everybody can read that
        file.touch(mode=0o600)
        file.write_text(_configuration(address, password, append_only_dir, home))
        command = (str(binary), str(file))
        program = Program("redis", "redis", command, environment, log, stops_last=True)
        yield EmbeddedRedis(url, program, address, password)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _private_folder() -> Path:
    """In the temporary folder, or in /tmp where that is too deep for a socket (mode 0700)."""
    folder = Path(tempfile.mkdtemp(prefix="queuecast-"))
    if len(bytes(folder)) + len("/redis.sock") < LONGEST_SOCKET_PATH:
        return folder
    folder.rmdir()
    try:
        return Path(tempfile.mkdtemp(prefix="queuecast-", dir="/tmp"))
    except OSError:
        return Path(tempfile.mkdtemp(prefix="queuecast-"))


def _place(socket_path: Path) -> tuple[str | tuple[str, int], str, str]:
    """Address, password and URL: the socket, else a free loopback port behind a password."""
    if len(bytes(socket_path)) < LONGEST_SOCKET_PATH:
        return str(socket_path), "", f"unix://{socket_path}"
    password = secrets.token_urlsafe(24)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return ("127.0.0.1", port), password, f"redis://:{password}@127.0.0.1:{port}/0"


def _configuration(
    address: str | tuple[str, int], password: str, append_only_dir: Path | None, home: Path
) -> str:
    """The file that the server reads; values in quotes, as its syntax has them."""
    options = {
        "protected-mode": "yes",
        "maxmemory": MAX_MEMORY,
        "maxmemory-policy": "noeviction",  # an evicted entry would be a job to be found again
        "save": "",
        "dir": str(append_only_dir or home),
        "appendonly": "yes" if append_only_dir else "no",
        "appendfsync": "everysec",
        # The file is written anew while jobs run: half as often, and without packing what is in it.
        "auto-aof-rewrite-min-size": "128mb",
        "rdbcompression": "no",
        "bind": "127.0.0.1",
    }
    if isinstance(address, str):
        options |= {"port": "0", "unixsocket": address, "unixsocketperm": "700"}
    else:
        options |= {"port": str(address[1]), "requirepass": password}
    return "".join(f"{name} {_quoted(value)}\n" for name, value in options.items())


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
