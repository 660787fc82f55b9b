"""The client's address: what the configured proxies say, never what the client says of itself."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# A socket without an address: the proxy stands on this machine and speaks through a file.
UNIX_SOCKET = "unix"
HOPS_LIMIT = 40


def client_address(remote_addr: str, forwarded_for: str, trusted_proxies: Sequence[str]) -> str:
    """Return the nearest address that is no trusted proxy; the socket's if the header is bad."""
    socket = _address(remote_addr)
    at_socket = str(socket) if socket else ""
    networks = _networks(tuple(trusted_proxies))
    trusts_socket = _is_within(socket, networks) if socket else UNIX_SOCKET in trusted_proxies
    # The nearest proxies wrote the last ones; what stands before them anybody may have sent.
    hops = [hop.strip() for hop in forwarded_for.split(",")[-HOPS_LIMIT:]]
    if not trusts_socket:
        return at_socket
    nearest = at_socket
    for hop in reversed(hops):
        found = _address(hop)
        if found is None:
            return at_socket
        nearest = str(found)
        if not _is_within(found, networks):
            return nearest
    return nearest


def networks_of(trusted_proxies: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks that a list of proxies names; raise ValueError for anything else."""
    return _networks(tuple(trusted_proxies))


@lru_cache(maxsize=8)
def _networks(trusted_proxies: tuple[str, ...]) -> tuple[Network, ...]:
    named = (entry for entry in trusted_proxies if entry != UNIX_SOCKET)
    return tuple(ipaddress.ip_network(entry, strict=False) for entry in named)


def _is_within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _address(text: str) -> Address | None:
    """Read an address with or without a port; IPv4 inside IPv6 is read as IPv4."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
