"""Network namespaces in the place of a container network: everybody has an address of its own."""

import secrets
import subprocess
from dataclasses import dataclass, field

PREFIX = "198.51.100"


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=10)


@dataclass
class Network:
    """A hub with a bridge; whoever runs in the hub reaches every container."""

    hub: str = field(default_factory=lambda: f"queuecast-{secrets.token_hex(3)}")
    members: list[str] = field(default_factory=list)

    def open(self) -> None:
        ip("netns", "add", self.hub)
        ip("-n", self.hub, "link", "add", "bridge", "type", "bridge")
        ip("-n", self.hub, "addr", "add", f"{PREFIX}.254/24", "dev", "bridge")
        for device in ("lo", "bridge"):
            ip("-n", self.hub, "link", "set", device, "up")

    def join(self, address: str) -> str:
        """The name of a new namespace with this address."""
        number = len(self.members)
        name = f"{self.hub}-{number}"
        ip("netns", "add", name)
        self.members.append(name)
        ip("-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", f"c{number}",
           "netns", self.hub)  # fmt: skip
        ip("-n", self.hub, "link", "set", f"c{number}", "master", "bridge", "up")
        ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            ip("-n", name, "link", "set", device, "up")
        return name

    def close(self) -> None:
        for name in [*self.members, self.hub]:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
