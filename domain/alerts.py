"""Alerts: what a person must acknowledge by name, as a fold of the operation's log stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from domain.events import Event
from domain.repeats import Repeats, later, with_one
from domain.system_entries import SYSTEM
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


def taken_back_record(unit: str, callsign: str, device: str) -> dict[str, Any]:
    """The line of the log about a call that was taken back on the device: what it says from then on
    is another call (``AlertBook``)."""
    words = f"{callsign}: the call for help was taken back on the device {device}."
    return {"text": words, "unit": unit, "significant": True, "cancelled": device}


_DECISIONS = ("incident", "reason")

SAME_CALL = timedelta(minutes=2)
"""Some clients repeat an emergency every few seconds until it is cancelled. What such a client said
within this time of the one before is the same call: when somebody has taken it, it is counted
there and not raised anew."""

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
    cancelled: bool = False  # on the device; what it says from then on is another call

    @property
    def open(self) -> bool:
        """Whether nobody has acknowledged it."""
        return self.acknowledged_by is None

    def tells_of(self, uid: str, word: str, at: datetime) -> bool:
        """Whether it has counted a call of this person, in that word, of that time. Between the
        first and the last there may be others, which are counted while it is open."""
        first = datetime.fromisoformat(self.occurred_at)
        last = datetime.fromisoformat(self.last_at or self.occurred_at)
        mine = uid in (self.details.get("uid", ""), *self.details.get("uids", ()))
        said = word in (self.details["alarm"], *self.details.get("words", ()))
        return mine and said and (at in (first, last) or (not self.open and first <= at <= last))

    def with_repeats(self, repeats: Repeats | None) -> Alert:
        """As it is with the repeats that the log has not been told of yet."""
        if repeats is None or repeats.times <= self.times:
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
        self._lines: set[tuple[datetime, str]] = set()

    def absorb(self, event: Event) -> None:
        """Take in the next event of the log stream; others are passed over."""
        record = event.record
        if event.event == "entry" and event.entered_role == SYSTEM.role:
            self._lines.add((event.occurred_at, record.get("text", "")))
            if "cancelled" in record:
                self._cancel(record["unit"], record["cancelled"])
        elif event.event == RAISED:
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

    def taken_for(
        self,
        unit: str,
        device: str,
        uid: str,
        alarm: str,
        at: datetime,
        repeats: Mapping[str, Repeats],
    ) -> Alert | None:
        """The alert that somebody has taken and that a call goes on with, of a client that repeats
        it by itself: the newest of that person, in that word, heard within ``SAME_CALL`` and not
        cancelled on the device. ``repeats`` are those that the log was not told of yet."""
        mine = self._of(unit, device, kind_of_alarm(alarm))
        newest = next((one for one in mine if one.details.get("uid", "") == uid), None)
        if newest is None or newest.open or newest.cancelled:
            return None
        known = newest.with_repeats(repeats.get(newest.id))
        heard = datetime.fromisoformat(known.last_at or known.occurred_at)
        words = known.details.get("words") or (known.details["alarm"],)
        return newest if alarm in words and abs(at - heard) <= SAME_CALL else None

    def has_told(
        self,
        unit: str,
        device: str,
        uid: str,
        alarm: str,
        at: datetime,
        repeats: Mapping[str, Repeats],
    ) -> bool:
        """Whether an alert has counted such an alarm of that time, taken or not. ``repeats`` as in
        ``taken_for``."""
        mine = self._of(unit, device, kind_of_alarm(alarm))
        known = (one.with_repeats(repeats.get(one.id)) for one in mine)
        return any(one.tells_of(uid, alarm, at) for one in known)

    def has_line(self, at: datetime, text: str) -> bool:
        """Whether the log has that line of the program of that time."""
        return (at, text) in self._lines

    def _cancel(self, unit: str, device: str) -> None:
        for kind in (SOS, DEVICE):
            for one in self._of(unit, device, kind):
                one.cancelled = True

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
