"""Which connections are open, by address, and which one goes when there are too many.

Nobody is turned away for those who came before: the newest comes in, and the one that has been
waiting longest goes. Who sends a request and reads the answer is done within the moment; who holds
connections open to no purpose loses the oldest of his own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from ipaddress import ip_network
from typing import Generic, TypeVar

from domain.access.addresses import address_in, subscriber_of

C = TypeVar("C", bound=Hashable)


class Places(Generic[C]):
    """The open connections of one worker.

    ``total`` and ``each`` are how many there may be in all and from one address. The addresses of
    ``exempt`` (one address or network, or several separated by commas: proxies, who speak for many)
    count towards the total alone. ``may_go`` says whether a connection is waiting for its client,
    so that it may be closed. Raises ``ValueError`` when ``exempt`` is no such list.
    """

    def __init__(self, total: int, each: int, exempt: str, may_go: Callable[[C], bool]) -> None:
        self._total = total
        self._each = each
        self._exempt = [ip_network(part.strip()) for part in exempt.split(",") if part.strip()]
        self._may_go = may_go
        self._by_house: dict[str, dict[C, None]] = {}
        self._house_of: dict[C, str] = {}

    def __len__(self) -> int:
        return len(self._house_of)

    def __iter__(self) -> Iterator[C]:
        return iter(tuple(self._house_of))

    def enter(self, connection: C, address: str) -> C | None:
        """Note a new connection; returns the one that has to go for it, perhaps itself."""
        house = self._house(address)
        others = self._by_house.setdefault(house, {})
        others[connection] = None
        self._house_of[connection] = house
        if house and len(others) > self._each:
            leaves = self._longest_waiting(others, connection)
        elif len(self._house_of) > self._total:
            leaves = self.make_room(connection)
        else:
            return None
        return connection if leaves is None else leaves

    def make_room(self, newest: C | None = None) -> C | None:
        """The connection that goes when there is no room for another one, whoever sends it: the
        longest waiting of the address that has most."""
        for house in sorted(self._by_house, key=self._weight, reverse=True)[:3]:
            found = self._longest_waiting(self._by_house[house], newest)
            if found is not None:
                return found
        return None

    def renew(self, connection: C) -> None:
        """The connection has just been of use: it is the last of its address to go."""
        others = self._by_house.get(self._house_of.get(connection, ""), {})
        if connection in others:
            del others[connection]
            others[connection] = None

    def leave(self, connection: C) -> None:
        """The connection is closed."""
        house = self._house_of.pop(connection, None)
        if house is None:
            return
        others = self._by_house[house]
        others.pop(connection, None)
        if not others:
            del self._by_house[house]

    def house(self, connection: C) -> str:
        """Who is behind a connection: an address, or a network of one customer; empty for a
        proxy."""
        return self._house_of.get(connection, "")

    def _weight(self, house: str) -> int:
        return len(self._by_house[house]) if house else 0  # a proxy's only when nobody else has any

    def _longest_waiting(self, others: dict[C, None], newest: C | None) -> C | None:
        for connection in others:
            if connection != newest and self._may_go(connection):
                return connection
        return None

    def _house(self, address: str) -> str:
        """Who is behind the address; empty for a proxy."""
        asking = address_in(address)
        if asking is None or any(asking in network for network in self._exempt):
            return ""  # a UNIX socket has no address
        return subscriber_of(asking)
