import os
import subprocess
from collections.abc import Iterator
from functools import partial

import pytest

from tests.integration.deployment.world import ADDRESSES, World, eventually

POSTGRES = """
data=/var/lib/postgresql/data
initdb -D $data --username=queuecast --pwfile=/run/secrets/postgres_password \\
    --encoding=UTF8 --auth-local=trust $POSTGRES_INITDB_ARGS > /dev/null
echo "host all all 0.0.0.0/0 scram-sha-256" >> $data/pg_hba.conf
echo "CREATE DATABASE queuecast" | postgres --single -D $data postgres > /dev/null
exec postgres -D $data -c listen_addresses="*"
"""
"""What the entry point of the image does on an empty volume."""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Secrets are written, Redis and PostgreSQL run, and nothing else is there."""
    alone = ["unshare", "--mount", "--net", "true"]
    if os.geteuid() or subprocess.run(alone, check=False).returncode:
        pytest.skip("namespaces need root")
    world = World(tmp_path_factory.mktemp("world"))
    world.write_secrets()
    world.network.open()
    try:
        world.start("redis")
        world.start("postgres", ["sh", "-euc", POSTGRES], address=ADDRESSES["postgres"])
        for server in world.containers:
            eventually(partial(server.says, "eady to accept connections"), server.output)
        yield world
    finally:
        world.stop()
