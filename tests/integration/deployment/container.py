"""Runs one command as a container would: `python container.py SPEC.json`, as root.

It is to be started in namespaces of its own (mounts and processes). It assembles a root file system
from this machine's system folders and what the specification binds, makes all of it read-only but
what is to be written, and becomes the command, as another user and without capabilities.
"""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

SYSTEM = ("/bin", "/dev", "/lib", "/lib64", "/sbin", "/usr")
CONFIGURATION = ("/etc/ld.so.cache", "/etc/nsswitch.conf", "/etc/ssl")


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def bind(source: Path, target: Path, *, read_only: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        target.mkdir(exist_ok=True)
    else:
        target.touch()
    mount("--rbind", str(source), str(target))
    if read_only:
        mount("-o", "remount,bind,ro", str(target))


def assemble(root: Path, spec: dict[str, Any]) -> None:
    mount("--make-rprivate", "/")
    mount("-t", "tmpfs", "tmpfs", str(root))
    for folder in map(Path, SYSTEM):
        if folder.is_symlink():
            (root / folder.name).symlink_to(folder.readlink())
        elif folder.exists():
            bind(folder, root / folder.name, read_only=folder.name != "dev")
    (root / "proc").mkdir()
    mount("-t", "proc", "proc", str(root / "proc"))
    for path in map(Path, CONFIGURATION):
        if path.exists():
            bind(path, root / str(path)[1:], read_only=True)
    for folder in spec["tmpfs"]:
        path = root / folder.lstrip("/")
        path.mkdir(parents=True, exist_ok=True)
        mount("-t", "tmpfs", "-o", "mode=1777,size=256m", "tmpfs", str(path))
    for source, target, read_only in spec["binds"]:
        bind(Path(source), root / target.lstrip("/"), read_only=read_only)
    (root / "etc/passwd").write_text(f"service:x:{spec['user']}:{spec['user']}::/:/bin/sh\n")
    (root / "etc/group").write_text(f"service:x:{spec['user']}:\n")
    mount("-o", "remount,ro", str(root))


def main() -> None:
    spec = json.loads(Path(sys.argv[1]).read_text())
    root = Path(spec["root"])
    assemble(root, spec)
    socket.sethostname(root.parent.name)
    os.chroot(root)
    os.chdir(spec["workdir"])
    drop = ["--reuid", spec["user"], "--regid", spec["user"], "--clear-groups", "--no-new-privs"]
    drop += ["--bounding-set=-all", "--inh-caps=-all", "--"]
    os.execvpe("setpriv", ["setpriv", *drop, *spec["command"]], spec["environment"])


if __name__ == "__main__":
    main()
