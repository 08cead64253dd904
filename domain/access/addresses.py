"""Internet addresses as they are compared and counted, however they are written."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

_ONE_SUBSCRIBER = 64
"""Bits of an IPv6 address that say whose it is: everybody gets at least all addresses below one."""


def address_in(text: str) -> Address | None:
    """The address, without its interface; one that only wraps an IPv4 address is that one. None
    for anything else, such as the name of a UNIX socket."""
    try:
        found = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def subscriber_of(address: Address) -> str:
    """An IPv4 address, or the network inside which one subscriber can choose an IPv6 address."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((int(address), _ONE_SUBSCRIBER), strict=False))
