"""`./run up`: the system, kept running until Ctrl-C."""

import os
import time
from pathlib import Path

from deploy.local.data_dir import DataDir
from deploy.local.exposure import KEYS_REQUIRED, require_keys
from deploy.local.listener import address_of, free_port
from deploy.local.processes import METRICS_PORT, Sizes
from deploy.local.readiness import refused_models
from deploy.local.stop_signals import StopRequested, StopSignals
from deploy.local.system import System, Wish, running_system
from deploy.local.terminal import say
from shared.errors import StartupRefused


def up(
    *,
    host: str,
    port: int,
    data_dir: str | None,
    sizes: Sizes,
    models_dirs: tuple[Path, ...],
    metrics_port: int = 0,
    flower_port: int | None = None,
) -> int:
    """Exit code 0 after a stop signal; raises StartupRefused when it cannot start."""
    exposed = not address_of(host).is_loopback
    for folder in models_dirs:
        if not folder.is_dir():
            raise StartupRefused(f"--models {folder}: there is no such folder")
    given = [Path(part) for part in os.environ.get("QUEUECAST_MODELS_DIRS", "").split(os.pathsep)]
    home = DataDir.chosen(data_dir)
    if exposed:
        require_keys(home, host)
    wish = Wish(
        data_dir=home,
        sizes=sizes,
        environment={**os.environ, KEYS_REQUIRED: "true"} if exposed else os.environ,
        host=host,
        port=port,
        models_dirs=tuple(folder.absolute() for folder in (*given, *models_dirs) if folder.name),
        metrics_port=metrics_port or int(os.environ.get(METRICS_PORT) or 0),
        flower_port=free_port() if flower_port == 0 else flower_port or 0,
    )
    with StopSignals() as signals, running_system(wish, signals, say) as system:
        try:
            _start(system)
            if exposed:
                say("  keys  every request needs one; ./run keys create makes another")
            system.supervisor.watch()
        except StopRequested:
            say("stopping (Ctrl-C again kills what is left)")
    say("stopped")
    return 0


def _start(system: System) -> None:
    began = time.monotonic()
    say(f"starting Queuecast over {system.wish.data_dir.path}")
    missing = system.start()
    for name, reason in refused_models(system.health()):
        say(f"model {name} is refused: {reason}")
    took = time.monotonic() - began
    if missing:
        say(f"not ready after {took:.0f} s, missing: {missing}; going on, see the logs")
    else:
        say(f"ready in {took:.1f} s")
    say(f"  API   {system.api_url}/api/v1")
    say(f"  docs  {system.api_url}/docs")
    if flower_url := system.settings.get("QUEUECAST_FLOWER_URL"):
        say(f"  tasks {flower_url} (Flower)")
    say(f"  logs  {system.wish.data_dir.path / 'logs'}")
    path = system.wish.data_dir.path
    say(f"Ctrl-C stops it; ./run status --data-dir {path} shows its processes.")
