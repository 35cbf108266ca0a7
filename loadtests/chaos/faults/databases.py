"""What may happen to the database."""

from loadtests.chaos.databases import Postgresql, Sqlite
from loadtests.chaos.faults.fault import Fault, Scene
from loadtests.chaos.faults.processes import still


def lock(scene: Scene) -> None:
    """Somebody holds SQLite's write lock, for longer than anybody waits for it."""
    database = scene.servers.database
    if isinstance(database, Sqlite):
        with database.locked():
            scene.last(2.0, 7.0)


def restart(scene: Scene) -> None:
    database = scene.servers.database
    if isinstance(database, Postgresql):
        database.kill()
        scene.last(0.0, 3.0)
        database.start()


def freeze(scene: Scene) -> None:
    database = scene.servers.database
    if isinstance(database, Postgresql):
        with still(database.pids):
            scene.last(1.0, 4.0)


def drop(scene: Scene) -> None:
    database = scene.servers.database
    if isinstance(database, Postgresql):
        with database.link.being("refuse"):
            scene.last(1.0, 4.0)


SQLITE = [Fault("sqlite locked", lock, 3)]
POSTGRESQL = [
    Fault("postgresql killed and started", restart, 3, "postgresql restarted"),
    Fault("postgresql held still", freeze, 2),
    Fault("network to postgresql: refuses", drop, 2),
]
