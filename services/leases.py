"""Of several workers, one does a duty: who holds its lease.

A holder that dies stops renewing, and after at most ``LENGTH`` another one takes over.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Protocol

from services.clock import Clock

LENGTH = timedelta(seconds=60)


class LeaseStore(Protocol):
    """Where leases are kept."""

    def take(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        """Give the lease to the holder when it is free, expired or already the holder's."""

    def give_back(self, name: str, holder: str) -> None:
        """Free the lease if the holder has it."""


class Leases:
    """The leases as one worker sees them; each worker is another holder."""

    def __init__(self, store: LeaseStore, clock: Clock, holder: str = "") -> None:
        self._store = store
        self._clock = clock
        self._holder = holder or secrets.token_hex(8)

    def hold(self, name: str) -> bool:
        """Take or renew the lease; False while another worker has it."""
        now = self._clock()
        return self._store.take(name, self._holder, now, now + LENGTH)

    def give_back(self, name: str) -> None:
        """Let another worker take over at once."""
        self._store.give_back(name, self._holder)
