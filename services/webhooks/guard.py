"""Where webhooks may go: public https addresses, and hosts the operator allows by name."""

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit, urlunsplit

from schemas.errors import BadEndpoint

DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Target:
    """An address already resolved: post to `url`, speak to `host`."""

    url: str
    host: str
    authority: str


def check_url(url: str, allow_hosts: frozenset[str]) -> None:
    """Raise `BadEndpoint` unless the address is https, or its host is allowed by name."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (reading it is what raises for a port that is no number)
    except ValueError as fault:
        raise BadEndpoint(f"The address cannot be read: {fault}.", pointer="/url") from fault
    if not parts.hostname or parts.username or parts.scheme not in DEFAULT_PORTS:
        raise BadEndpoint("An endpoint is a plain https address.", pointer="/url")
    if parts.scheme != "https" and parts.hostname not in allow_hosts:
        raise BadEndpoint("Only https is posted to, unless the operator allows the host.", pointer="/url")


def is_public(address: str) -> bool:
    """Say whether an IP address is on the public internet, seen through IPv6 disguises too."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            ip = inner
        elif ip.packed[:12] == bytes.fromhex("0064ff9b0000000000000000"):  # NAT64
            ip = ip_address(ip.packed[12:])
    return ip.is_global and not ip.is_multicast


async def resolve(url: str, allow_hosts: frozenset[str]) -> Target:
    """
    Resolve the host once and return the address to post to.

    The answer is used as it is, so a name that changes its address between the
    check and the connection gains nothing. Raises `BadEndpoint` for an address
    that is not public, `OSError` when the name does not resolve.
    """
    check_url(url, allow_hosts)
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]) for each in found]
    if host not in allow_hosts and not all(map(is_public, addresses)):
        raise BadEndpoint(f"{host} is not a public address.", pointer="/url")
    shown = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    pinned = urlunsplit((parts.scheme, f"{shown}:{port}", parts.path or "/", parts.query, ""))
    return Target(pinned, host, parts.netloc)
