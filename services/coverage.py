"""Which crossing points were visited, by whom and how long ago.

``observe_all`` runs inside the transaction that stores the fixes, so a stored fix and its visit are
one fact. It keeps no state of its own: everything follows from the stored visits and positions,
so a restart or a second process changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from domain.coverage import (
    ACCURACY_ALLOWED_M,
    INSIDE,
    LEAVE_AFTER,
    Place,
    TrackPoint,
    UnitVisit,
    Visit,
    anchor,
    follow,
    radius_of,
    telling,
    zones,
)
from domain.fixes import Fix
from domain.geodesy import EARTH_RADIUS_M
from domain.time import to_rfc3339
from services.clock import Clock
from services.ports import (
    CrossingFacts,
    Filing,
    JournalWriter,
    Transaction,
    Transactions,
    VisitStore,
)

_MINUTE = 60.0
_BOX_MARGIN = 1.01  # a box is only looked at first, so it may be a little too large


@dataclass(frozen=True, slots=True)
class CrossingCoverage:
    """A crossing point and its last visit at one time; None and None when never visited.

    ``age_s`` is the seconds since a unit was last seen there. ``approximate`` says that the
    coordinate has low confidence, so a visit means "within about a kilometre".
    """

    crossing: CrossingFacts
    approximate: bool
    last_visit: UnitVisit | None
    age_s: float | None


class Coverage:
    """Satisfies ``VisitObserver``; ``crossings`` gives the crossing points as they are now."""

    def __init__(
        self,
        transactions: Transactions,
        store: VisitStore,
        journal: JournalWriter,
        crossings: Callable[[], Sequence[CrossingFacts]],
        now: Clock,
    ) -> None:
        self._transactions = transactions
        self._store = store
        self._journal = journal
        self._crossings = crossings
        self._now = now
        self._laid_out: _Circles | None = None

    def coverage(self, operation: str, at: datetime) -> list[CrossingCoverage]:
        """Every crossing point in the order of the reference data, as known at ``at``."""
        with self._transactions.reading() as connection:
            last = self._store.last(connection, operation, at)
        return [
            CrossingCoverage(
                crossing=crossing,
                approximate=crossing.confidence == "low",
                last_visit=last.get(crossing.id),
                age_s=_age(last.get(crossing.id), at),
            )
            for crossing in self._crossings()
        ]

    def observe_all(self, connection: Transaction, moved: Mapping[Filing, Sequence[Fix]]) -> None:
        """Bring the visits of each unit up to date with newly stored fixes, late ones included.

        Nearly all units are far from every crossing point and come from none, which two questions
        for all of them tell.
        """
        near = self._circles().near(list(moved.values()))
        by_operation: dict[str, list[Filing]] = {}
        for filing in moved:
            by_operation.setdefault(filing.operation, []).append(filing)
        touched = {
            operation: self._store.touched_by(
                connection,
                operation,
                [filing.unit for filing in filings],
                min(moved[filing][0].fix_time for filing in filings) - LEAVE_AFTER,
            )
            for operation, filings in by_operation.items()
        }
        for (filing, fixes), is_near in zip(moved.items(), near, strict=True):
            if is_near or _goes_on(touched[filing.operation], filing.unit, fixes[0].fix_time):
                self._observe(connection, filing, fixes)

    def _observe(self, connection: Transaction, filing: Filing, fixes: Sequence[Fix]) -> None:
        """Bring one unit's visits up to date."""
        points = telling(
            TrackPoint(fix.fix_time, fix.latitude, fix.longitude, fix.accuracy) for fix in fixes
        )
        places = self._circles().places
        if not points or not places:
            return
        inside = np.any(zones(points, places) == INSIDE, axis=0)
        since = points[0].at - LEAVE_AFTER
        concerned = self._store.touched(connection, filing.operation, filing.unit, since)
        for place, entered in zip(places, inside, strict=True):
            if entered or place.id in concerned:
                key = filing.operation, place.id, filing.unit
                self._renew(connection, key, filing.callsign, place, points[0].at, points)

    def fixes_removed(
        self, connection: Transaction, filing: Filing, start: datetime, end: datetime
    ) -> None:
        """Follow the unit's visits anew after stored fixes between these times were taken away."""
        since = start - LEAVE_AFTER
        concerned = self._store.touched(connection, filing.operation, filing.unit, since)
        for place in self._circles().places:
            if place.id in concerned:
                key = filing.operation, place.id, filing.unit
                self._renew(connection, key, filing.callsign, place, start, ())

    def _circles(self) -> _Circles:
        crossings = self._crossings()
        if self._laid_out is None or self._laid_out.crossings is not crossings:
            self._laid_out = _Circles(crossings)
        return self._laid_out

    def _renew(
        self,
        connection: Transaction,
        key: tuple[str, str, str],
        callsign: str,
        place: Place,
        first: datetime,
        points: Sequence[TrackPoint],
    ) -> None:
        operation, crossing, unit = key
        begin = anchor(self._store.before(connection, operation, crossing, unit, first), first)
        # the new fixes may or may not be stored already: a moment counts once either way
        stored = self._store.track(connection, operation, unit, begin.start)
        track = telling([*stored, *points])
        zone = zones(track, [place])[:, 0].tolist()
        new = follow([point.at for point in track], zone, begin.carried)
        old = self._store.following(connection, operation, crossing, unit, begin.replaces_from)
        if new != old:
            self._store.replace(connection, key, old, new)
            self._announce(connection, key, callsign, old, new)

    def _announce(
        self,
        connection: Transaction,
        key: tuple[str, str, str],
        callsign: str,
        old: Sequence[Visit],
        new: Sequence[Visit],
    ) -> None:
        """Tell the screens when the last visit of the crossing point has become another one.

        A visit that goes on is told once a minute, and a late fix of long ago not at all.
        """
        if not new or not _news(old, new[-1]):
            return
        operation, crossing, unit = key
        moment = max(self._now(), new[-1].last_inside_at)
        last = self._store.last(connection, operation, moment, crossing)[crossing]
        if last.unit != unit or last.visit.entered_at != new[-1].entered_at:
            return
        payload = {
            "crossing": crossing,
            "last_visit": visit_facts(UnitVisit(unit, callsign, new[-1])),
        }
        self._journal.append(connection, operation, "visit", payload, self._now())


class _Circles:
    """The crossing points as circles, and boxes around them that are quickly ruled out."""

    def __init__(self, crossings: Sequence[CrossingFacts]) -> None:
        self.crossings = crossings
        self.places = [_place(crossing) for crossing in crossings]
        circles = [(p.latitude, p.longitude, p.radius) for p in self.places]
        latitude, longitude, radius = np.array(circles).reshape(-1, 3).T
        reach = np.degrees((radius + ACCURACY_ALLOWED_M) * _BOX_MARGIN / EARTH_RADIUS_M)
        wide = reach / np.cos(np.radians(latitude))
        self._south, self._north = latitude - reach, latitude + reach
        self._west, self._east = longitude - wide, longitude + wide

    def near(self, tracks: Sequence[Sequence[Fix]]) -> list[bool]:
        """For each track whether the box around its fixes touches that of a crossing point."""
        boxes = np.array([_box(track) for track in tracks]).reshape(-1, 4)
        south, west, north, east = boxes.T[..., np.newaxis]
        touching = (south <= self._north) & (north >= self._south)
        touching &= (west <= self._east) & (east >= self._west)
        found: list[bool] = touching.any(axis=1).tolist()
        return found


def _box(fixes: Sequence[Fix]) -> tuple[float, float, float, float]:
    latitudes = [fix.latitude for fix in fixes]
    longitudes = [fix.longitude for fix in fixes]
    return min(latitudes), min(longitudes), max(latitudes), max(longitudes)


def _goes_on(touched: Mapping[str, datetime | None], unit: str, first: datetime) -> bool:
    """Whether a visit of the unit is open, or ended so late that a fix at ``first`` may say more
    about it."""
    if unit not in touched:
        return False
    left = touched[unit]
    return left is None or left >= first - LEAVE_AFTER


def visit_facts(found: UnitVisit) -> dict[str, Any]:
    """A visit as the API and the stream tell it: times in RFC 3339, ``dwell_s`` in seconds."""
    visit = found.visit
    return {
        "unit": found.unit,
        "callsign": found.callsign,
        "entered_at": to_rfc3339(visit.entered_at),
        "seen_at": to_rfc3339(visit.last_inside_at),
        "left_at": None if visit.left_at is None else to_rfc3339(visit.left_at),
        "dwell_s": visit.dwell_s,
    }


def _place(crossing: CrossingFacts) -> Place:
    radius = radius_of(crossing.confidence)
    return Place(crossing.id, crossing.latitude, crossing.longitude, radius)


def _age(found: UnitVisit | None, at: datetime) -> float | None:
    return None if found is None else (at - found.visit.last_inside_at).total_seconds()


def _news(old: Sequence[Visit], newest: Visit) -> bool:
    same = [visit for visit in old if visit.entered_at == newest.entered_at]
    if not same or same[0].left_at != newest.left_at:
        return True
    return newest.dwell_s // _MINUTE != same[0].dwell_s // _MINUTE
