"""Which addresses a webhook may reach: public ones, and nothing that a network keeps to itself."""

from ipaddress import IPv4Address, IPv6Address, ip_network

Address = IPv4Address | IPv6Address

# `is_global` of the standard library is not enough: which ranges it knows differs by version, and
# it lets multicast, 6to4, NAT64 and Azure's metadata address pass.
_FORBIDDEN_V4 = tuple(
    ip_network(one)
    for one in (
        "0.0.0.0/8",  # this network: Linux connects it to itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier NAT, and Alibaba's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's metadata
        "169.254.0.0/16",  # link-local, and everybody's metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments, and Oracle's metadata
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)

_UNICAST_V6 = ip_network("2000::/3")
"""All else is loopback, mapped or translated v4 (NAT64), link-local, private, multicast, unused."""

_FORBIDDEN_V6 = tuple(
    ip_network(one)
    for one in (
        "2001::/23",  # Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: a v4 address in disguise
        "2620:4f:8000::/48",
        "3fff::/20",  # documentation
    )
)


def is_forbidden(address: Address, *, allow_loopback: bool = False) -> bool:
    """Whether no webhook may go there; `allow_loopback` lets this machine itself pass."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if allow_loopback and address.is_loopback:
        return False
    if isinstance(address, IPv4Address):
        return any(address in one for one in _FORBIDDEN_V4)
    return address not in _UNICAST_V6 or any(address in one for one in _FORBIDDEN_V6)
