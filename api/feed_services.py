"""What the listeners for devices that do not speak HTTP need of the joined services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.fixes import Rejection, Report
from services import ports
from services.clock import Clock
from services.submissions import Receipt


class Ingest(Protocol):
    """Both return when everything is durable, and raise ``StoreUnavailable`` when it is not."""

    def accept(
        self,
        source: str,
        reports: Sequence[Report],
        raw: Sequence[bytes],
        received_at: datetime,
        *,
        live: bool = True,
        again: Sequence[int] = (),
    ) -> Receipt:
        """Store what was reported; ``raw`` has the bytes of each report. ``live`` False is for
        what is history, ``again`` tells of each report whether it is delivered once more."""

    def quarantine(
        self,
        source: str,
        device: str,
        raw: bytes,
        rejection: Rejection,
        received_at: datetime,
        again: int = 0,
    ) -> object:
        """Keep what cannot be stored in any other way."""


class Roster(ports.DeviceRegister, ports.Roster, Protocol):
    """Which devices there are and where they belong."""


class HasFeeds(Protocol):
    """The joined services, as far as every listener needs them."""

    @property
    def ingest(self) -> Ingest: ...
    @property
    def roster(self) -> Roster: ...
    @property
    def clock(self) -> Clock: ...
