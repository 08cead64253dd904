"""Alerts: what a person must acknowledge by name, as a fold of the operation's log stream."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain.events import Event
from domain.repeats import Repeats, later, with_one
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

MOST_OPEN_OF_ONE = 8
"""Calls for help of different persons that one device may have open at once; what more it says is
counted under the last. A gateway that invents persons must not push everybody else's call off the
screen."""


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

    def with_repeats(self, repeats: Repeats | None) -> Alert:
        """As it is with the repeats that the log has not been told of yet."""
        if repeats is None or not self.open or repeats.times <= self.times:
            return self
        said = repeats.summary()
        times, last_at = said.pop("times"), said.pop("last_at")
        return replace(self, times=times, last_at=last_at, details={**self.details, **said})

    def repeats(self, now: datetime) -> Repeats:
        """Those that the log knows."""
        return Repeats(
            times=self.times,
            last_at=self.last_at or self.occurred_at,
            position=self.details.get("position"),
            words=tuple(self.details.get("words") or with_one((), self.details["alarm"])),
            uids=tuple(self.details.get("uids", ())),
            recorded_at=now,
        )

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
            _count(alert, record)

    def find(self, alert_id: str) -> Alert | None:
        """One alert."""
        return self._alerts.get(alert_id)

    def open_for(self, unit: str, device: str, uid: str, alarm: str) -> Alert | None:
        """The alert that another alarm of a device joins, which speaks for the person ``uid``.

        Its calls for help are one, in whatever words; of what a tracker says of itself each word
        stands alone.
        """
        mine = [one for one in self._of(unit, device, kind_of_alarm(alarm)) if one.open]
        if kind_of_alarm(alarm) != SOS:
            return next((one for one in mine if one.details["alarm"] == alarm), None)
        same = next((one for one in mine if one.details.get("uid", "") == uid), None)
        return same or (mine[0] if len(mine) >= MOST_OPEN_OF_ONE else None)

    def taken_for(self, unit: str, device: str, uid: str, alarm: str) -> Alert | None:
        """The newest alert of such an alarm, where somebody has taken it."""
        mine = self._of(unit, device, kind_of_alarm(alarm))
        newest = next((one for one in mine if one.details.get("uid", "") == uid), None)
        return None if newest is None or newest.open else newest

    def _of(self, unit: str, device: str, kind: str) -> list[Alert]:
        """The alarms of a device, newest first."""
        return [
            alert
            for alert in reversed(self._alerts.values())
            if alert.kind == kind
            and alert.unit == unit
            and alert.details.get("device") == device
            and "alarm" in alert.details
        ]

    def newest_first(self, only_open: bool = False) -> list[Alert]:
        """The alerts, newest first."""
        found = reversed(self._alerts.values())
        return [alert for alert in found if alert.open or not only_open]

    def _repeat(self, alert: Alert, event: Event) -> None:
        record = event.record
        if "times" in record:
            _count(alert, record)
            return
        # written before there were counts: each is one, and has its own time and place
        alert.times += 1
        alert.last_at = later(alert.last_at or alert.occurred_at, to_rfc3339(event.occurred_at))
        if record["position"] is not None:
            alert.details["position"] = record["position"]


def _count(alert: Alert, record: dict[str, Any]) -> None:
    """Take in how often it was raised by then, where the record says it."""
    if record.get("times", 0) <= alert.times:
        return
    alert.times, alert.last_at = record["times"], record["last_at"]
    known = ("words", "uids", "position")
    alert.details.update({key: record[key] for key in known if record.get(key) is not None})


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
