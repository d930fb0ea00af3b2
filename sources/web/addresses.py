"""Decide which network addresses a link from outside may lead to."""

from __future__ import annotations

import ipaddress
import socket
from typing import Final
from urllib.parse import urlsplit

__all__ = ["addresses_of", "is_loopback", "is_public", "origin_of"]

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


def origin_of(url: str) -> tuple[str, str, int]:
    """Return (scheme, host, port) of a URL. Raises ValueError where it has none of http(s)."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname:
        msg = "not an http or https address"
        raise ValueError(msg)
    return scheme, parts.hostname.lower(), parts.port or _DEFAULT_PORTS[scheme]


def is_loopback(host: str) -> bool:
    """Say whether a host as written (no look-up) is this machine itself.

    IPv4 written as IPv6 is not taken for it, whatever the version of Python thinks of that.
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ip = ipaddress.ip_address(name)
    except ValueError:
        return False
    return ip.is_loopback and not (isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped)


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public internet.

    Private, loopback, link-local, shared, reserved and multicast ones are not,
    nor are those in IPv6 that stand for such an IPv4 address.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def addresses_of(host: str, port: int) -> tuple[str, ...]:
    """Look a host up and return its IP addresses; none where it has none. Blocks as long as the resolver does."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple({str(entry[4][0]): None for entry in found})
