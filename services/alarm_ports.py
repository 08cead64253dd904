"""What the alarms of devices need from the outside; ``services/occurrences.py`` satisfies it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.ports import Transaction


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm of a device; the position is None when it sent none that can be believed. Without a
    ``kind`` it takes the one before back.

    ``uid`` is whom it is of, where the device speaks for several persons. One that ``goes_on`` is
    repeated by its client until it is cancelled: it does not ring anew when somebody has taken the
    one just before. Of one that was ``told`` its fix is stored already: it may be the same message
    once more, and does not ring anew either where that alarm was taken.
    """

    operation: str
    unit: str
    callsign: str
    device: str
    kind: str
    occurred_at: datetime
    received_at: datetime
    latitude: float | None
    longitude: float | None
    uid: str = ""
    goes_on: bool = False
    told: bool = False

    @property
    def of_whom(self) -> str:
        """The person, where it is not the device's own; else nothing."""
        return "" if self.uid == self.device else self.uid

    @property
    def whose(self) -> tuple[str, str, str, str]:
        """Unit, device, person and kind: what is repeated has the same."""
        return self.unit, self.device, self.of_whom, self.kind


class AlarmLog(Protocol):
    """Where an alarm of a device becomes an alert that a person must acknowledge."""

    def alarm(self, connection: Transaction, alarm: Alarm) -> None:
        """Record one alarm."""

    def came_late(self, connection: Transaction, alarm: Alarm) -> None:
        """Record one that is history by now: counted where such a call is open, else to be read,
        and not to ring."""

    def taken_back(self, connection: Transaction, alarm: Alarm) -> None:
        """Record that a call was taken back on the device; no alert ends by that."""
