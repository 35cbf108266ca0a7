"""`./run status`: what runs over a data directory."""

import json
import os
import time
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from deploy.local.data_dir import DataDir
from deploy.local.terminal import note, say


def status(data_dir: DataDir, *, as_json: bool) -> int:
    """Exit code 0 when a system runs there, 1 when none does."""
    state = data_dir.running()
    if state is None:
        if as_json:
            say(json.dumps({"running": False, "data_dir": str(data_dir.path)}))
        else:
            note(f"nothing is running over {data_dir.path}")
        return 1
    now = time.time()
    state = {"running": True, **state, "processes": [_aged(one, now) for one in state["processes"]]}
    if as_json:
        say(json.dumps(state, indent=2))
    else:
        _show(state)
    return 0


def is_alive(pid: int | None) -> bool:
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def without_password(url: str) -> str:
    parts = urlsplit(url)
    if not parts.password:
        return url
    user, host = parts.username or "", parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:***@{host}"))


def _aged(process: dict[str, Any], now: float) -> dict[str, Any]:
    alive = is_alive(process["pid"])
    uptime = round(now - process["started_at"], 1) if alive else None
    return {**process, "alive": alive, "uptime_seconds": uptime}


def _show(state: dict[str, Any]) -> None:
    say(f"{state['state']} (launcher pid {state['pid']})")
    for name in ("api_url", "flower_url", "redis_url", "database_url", "data_dir"):
        if not state.get(name):
            continue
        say(f"  {name:<13} {without_password(state[name])}")
    say(f"  {'process':<14} {'role':<11} {'pid':>8}  {'alive':<5} {'uptime':>9} {'restarts':>8}")
    for one in state["processes"]:
        uptime = "-" if one["uptime_seconds"] is None else f"{one['uptime_seconds']:.0f} s"
        say(
            f"  {one['name']:<14} {one['role']:<11} {one['pid'] or '-':>8}"
            f"  {'yes' if one['alive'] else 'no':<5} {uptime:>9} {one['restarts']:>8}"
        )
