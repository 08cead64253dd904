"""Alerts: what a person must acknowledge by name, as a fold of the operation's log stream."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from domain.events import Event
from domain.time import to_rfc3339

RAISED = "alert_raised"
ACKNOWLEDGED = "alert_acknowledged"
SOS = "sos"
DEVICE = "device"
SPOT = "spot"
DISPUTE = "dispute"
"""Somebody says that what an engagement rests on is not so; its record says of which event."""
TIMER = "timer"
"""A clock that ran out; its record says which, of which incident, since when and who should act."""

_OF_THE_DEVICE = frozenset(
    {
        "lowbattery", "lowpower", "powercut", "powerrestored", "poweron", "poweroff", "geofence",
        "geofenceenter", "geofenceexit", "overspeed", "lowspeed", "idle", "movement", "vibration",
        "parking", "maintenance", "temperature", "jamming", "hardacceleration", "hardbraking",
        "hardcornering", "lanechange", "cornering", "highrpm", "fuelleak", "footbrake", "door",
        "lock", "unlock", "bonnet", "loadingunloading",
    }
)  # fmt: skip
"""Alarms of trackers about themselves or the vehicle; every other one is a person's call."""


def kind_of_alarm(word: str) -> str:
    """``sos``, which lights every screen, or ``device`` for what a tracker says of itself."""
    return DEVICE if word.lower() in _OF_THE_DEVICE else SOS


_DECISIONS = ("incident", "reason")


@dataclass(slots=True)
class Alert:
    """One alert; ``id`` is the id of the event that raised it.

    ``details`` says what it is about: for an SOS the call sign, the device and the position; for a
    clock which one, the incident and its owner; such an alert is of no ``unit``; for a spot its
    title and remarks, too, and once it is decided the incident or the reason.
    """

    id: str
    kind: str
    unit: str | None
    occurred_at: str
    recorded_at: str
    details: dict[str, Any]
    times: int = 1
    last_at: str | None = None
    acknowledged_by: str | None = None
    acknowledged_at: str | None = None

    @property
    def open(self) -> bool:
        """Whether nobody has acknowledged it."""
        return self.acknowledged_by is None

    def view(self) -> dict[str, Any]:
        """As the interface and the stream show it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "unit": self.unit,
            "occurred_at": self.occurred_at,
            "recorded_at": self.recorded_at,
            **self.details,
            "times": self.times,
            "last_at": self.last_at or self.occurred_at,
            "acknowledged_by": self.acknowledged_by,
            "acknowledged_at": self.acknowledged_at,
        }


class AlertBook:
    """All alerts of an operation, grown event by event."""

    def __init__(self) -> None:
        self._alerts: dict[str, Alert] = {}

    def absorb(self, event: Event) -> None:
        """Take in the next event of the log stream; others are passed over."""
        record = event.record
        if event.event == RAISED:
            again = record.get("again")
            if again in self._alerts:
                self._repeat(self._alerts[again], event)
            else:
                self._alerts[event.event_id] = alert_of(event)
        elif event.event == ACKNOWLEDGED and record["alert"] in self._alerts:
            alert = self._alerts[record["alert"]]
            alert.acknowledged_by = event.entered_by
            alert.acknowledged_at = to_rfc3339(event.recorded_at)
            alert.details.update({key: record[key] for key in _DECISIONS if key in record})

    def find(self, alert_id: str) -> Alert | None:
        """One alert."""
        return self._alerts.get(alert_id)

    def open_for(self, unit: str, alarm: str) -> Alert | None:
        """The alert of that alarm word that a unit already has open."""
        for alert in reversed(self._alerts.values()):
            if alert.open and alert.unit == unit and alert.details.get("alarm") == alarm:
                return alert
        return None

    def newest_first(self, only_open: bool = False) -> list[Alert]:
        """The alerts, newest first."""
        found = reversed(self._alerts.values())
        return [alert for alert in found if alert.open or not only_open]

    def _repeat(self, alert: Alert, event: Event) -> None:
        alert.times += 1
        alert.last_at = to_rfc3339(event.occurred_at)
        if event.record["position"] is not None:
            alert.details["position"] = event.record["position"]


def fold_alerts(events: Iterable[Event]) -> AlertBook:
    """The alerts after ``events`` of the log stream."""
    book = AlertBook()
    for event in events:
        book.absorb(event)
    return book


def alert_of(event: Event) -> Alert:
    """The alert that an event raises, which nobody has acknowledged yet."""
    record = event.record
    return Alert(
        event.event_id,
        record["kind"],
        record["unit"],
        to_rfc3339(event.occurred_at),
        to_rfc3339(event.recorded_at),
        _details(record),
    )


def _details(record: dict[str, Any]) -> dict[str, Any]:
    return {key: part for key, part in record.items() if key not in ("kind", "unit", "again")}
