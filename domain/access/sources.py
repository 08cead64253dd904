"""Where an attempt to prove something comes from, as it is counted."""

from __future__ import annotations

from dataclasses import dataclass

from domain.access.addresses import address_in, subscriber_of

_LONGEST = 80


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
        return bool(self.address) and address_in(self.address) is None


def counted_as(address: str) -> str:
    """An IPv6 address stands for its /64, one that only wraps an IPv4 address for that one."""
    parsed = address_in(address)
    return address[:_LONGEST] if parsed is None else subscriber_of(parsed)
