"""Where webhooks may go: public https addresses, and hosts the operator allows by name."""

import re
import socket
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from schemas.errors import BadEndpoint

SCHEMES = ("https", "http")
UNICAST = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
RELAYS_6TO4 = IPv4Network("192.88.99.0/24")

_NUMBERS = re.compile(r"[0-9.]+|.*:.*")
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")


def hosts_of(names: str) -> frozenset[str]:
    """Return the host names of a comma-separated list."""
    return frozenset(filter(None, (each.strip().lower() for each in names.split(","))))


@lru_cache(maxsize=4096)
def check_url(url: str, allow_hosts: frozenset[str]) -> None:
    """
    Raise `BadEndpoint` for an address that is never posted to.

    That is one which is not https, or is a private address written as numbers,
    unless its host is allowed by name. A name is looked up only when something is sent.
    """
    try:
        parts = URL(url)  # read by who will connect to it, so that nobody reads it otherwise
        host = parts.raw_host or ""
    except ValueError as fault:
        raise BadEndpoint(f"The address cannot be read: {fault}.", pointer="/url") from fault
    is_name = not _NUMBERS.fullmatch(host)
    if parts.scheme not in SCHEMES or "@" in parts.raw_authority or (is_name and not _NAME.fullmatch(host)):
        raise BadEndpoint("An endpoint is a plain https address.", pointer="/url")
    if host in allow_hosts:
        return
    if parts.scheme != "https":
        raise BadEndpoint("Only https is posted to, unless the operator allows the host.", pointer="/url")
    if not is_name and not is_public(host):
        raise BadEndpoint(f"{host} is not a public address.", pointer="/url")


def is_public(address: str) -> bool:
    """Say whether an IP address is on the public internet, seen through IPv6 disguises too."""
    try:
        ip = ip_address(address)
    except ValueError:  # 127.1 and 2130706433 are addresses to some, and so to nobody here
        return False
    if isinstance(ip, IPv6Address):
        inner = _inside(ip)
        if inner is None:
            return ip in UNICAST and ip.is_global
        ip = inner
    return ip.is_global and not ip.is_multicast and ip not in RELAYS_6TO4


def _inside(ip: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address leads to."""
    if ip in NAT64:
        return IPv4Address(ip.packed[12:])
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


class Guard(AbstractResolver):
    """
    Looks names up for the connections of the courier, and lets only public addresses through.

    A connection goes to the very address that was checked, so a name that
    changes its address afterwards gains nothing.
    """

    def __init__(self, allow_hosts: frozenset[str]) -> None:
        self._allow_hosts = allow_hosts
        self._names = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return a host's addresses; raises `BadEndpoint` when one is not public, `OSError` for none."""
        found = await self._names.resolve(host, port, family)
        if host not in self._allow_hosts and not all(is_public(each["host"]) for each in found):
            raise BadEndpoint(f"{host} is not a public address.", pointer="/url")
        return found

    async def close(self) -> None:
        """Let go of nothing."""
        await self._names.close()
