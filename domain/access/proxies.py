"""Which addresses may be believed about where a request comes from.

Whoever reaches the program from such an address may say to be anybody: the address that attempts
are counted for, and that the connection was encrypted. So it names proxies, never a network in
which strangers or phones are.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network

Network = IPv4Network | IPv6Network

_MAPPED = IPv6Network("::ffff:0:0/96")
_WIDEST = {4: 24, 6: 64}
"""Bits that a private network must have in common at least: one segment of a local network."""


class UntrustedProxy(ValueError):
    """Every fault, a sentence each, is in ``faults``."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def trusted_networks(text: str) -> list[Network]:
    """The addresses and networks that ``text`` names, separated by commas.

    Raises ``UntrustedProxy`` for what is no address, and for what is too many of them.
    """
    found: list[Network] = []
    faults: list[str] = []
    for part in (part.strip() for part in text.split(",")):
        try:
            found.append(_network(part))
        except ValueError as fault:
            faults.append(f"{part[:60]!r} {fault}" if part else f"an empty part {fault}")
    if faults:
        raise UntrustedProxy(faults)
    return found


def _network(part: str) -> Network:
    network = _parsed(part)
    least: int = network.max_prefixlen
    if network.prefixlen == 0:
        raise ValueError("is every address there is: name the proxy itself")
    if network.network_address.is_unspecified or network.is_multicast:
        raise ValueError("is no address of a machine: name the proxy itself")
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        raise ValueError("wraps addresses of IPv4: write them as such, for example 10.0.0.5")
    if network.is_loopback:
        return network
    if network.is_private or network.is_link_local:
        least = _WIDEST[network.version]
        if network.prefixlen < least:
            raise ValueError(
                f"is a network of {network.num_addresses:,} addresses, and all of them would be"
                f" believed: name the proxy itself, or a network of /{least} at the widest"
            )
    elif network.prefixlen < least:
        raise ValueError("is a public network: name the address of the proxy itself")
    return network


def _parsed(part: str) -> Network:
    try:
        return ip_network(part)
    except ValueError:
        pass
    try:
        inside = ip_interface(part)
    except ValueError:
        raise ValueError("is neither an IP address nor a network such as 10.0.0.0/24") from None
    raise ValueError(
        f"is an address within a network: write {inside.ip} for that machine alone,"
        f" or {inside.network} for the network"
    )
