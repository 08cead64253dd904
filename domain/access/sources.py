"""Where an attempt to prove something comes from, as it is counted."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

_LONGEST = 80
_ONE_CUSTOMER = 64
"""Bits of an IPv6 address that say whose it is: everybody gets at least all addresses below one."""


@dataclass(frozen=True, slots=True)
class Source:
    """``address`` is an IP address or, of what no stranger can be, a name such as "the command
    line". ``browser`` names a browser in which the account was proved before, and is empty where
    it is not known as such."""

    address: str
    browser: str = ""

    @property
    def counted_as(self) -> str:
        """The address, or the network that one subscriber has."""
        return counted_as(self.address)

    @property
    def inside(self) -> bool:
        """Whether it is no address of a network: the command line, or somebody signed in."""
        return bool(self.address) and _parsed(self.address) is None


def counted_as(address: str) -> str:
    """An IPv6 address stands for its /64, one that only wraps an IPv4 address for that one."""
    parsed = _parsed(address)
    if parsed is None:
        return address[:_LONGEST]
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    shift = 128 - _ONE_CUSTOMER
    return f"{IPv6Address(int(parsed) >> shift << shift)}/{_ONE_CUSTOMER}"


def _parsed(address: str) -> object:
    try:
        return ip_address(address)
    except ValueError:
        return None
