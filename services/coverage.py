"""Which crossing points were visited, by whom and how long ago.

``observe`` runs inside the transaction that stores the fixes, so a stored fix and its visit are
one fact. It keeps no state of its own: everything follows from the stored visits and positions,
so a restart or a second process changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from domain.coverage import (
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
from domain.time import to_rfc3339
from services.clock import Clock
from services.ports import CrossingFacts, JournalWriter, Transaction, Transactions, VisitStore

_MINUTE = 60.0


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

    def observe(
        self,
        connection: Transaction,
        operation: str,
        unit: str,
        callsign: str,
        fixes: Sequence[Fix],
    ) -> None:
        """Bring the unit's visits up to date with newly stored ``fixes``, late ones included."""
        points = telling(
            TrackPoint(fix.fix_time, fix.latitude, fix.longitude, fix.accuracy) for fix in fixes
        )
        places = [_place(crossing) for crossing in self._crossings()]
        if not points or not places:
            return
        inside = np.any(zones(points, places) == INSIDE, axis=0)
        concerned = self._store.touched(connection, operation, unit, points[0].at - LEAVE_AFTER)
        for place, entered in zip(places, inside, strict=True):
            if entered or place.id in concerned:
                self._renew(connection, (operation, place.id, unit), callsign, place, points)

    def _renew(
        self,
        connection: Transaction,
        key: tuple[str, str, str],
        callsign: str,
        place: Place,
        points: Sequence[TrackPoint],
    ) -> None:
        operation, crossing, unit = key
        begin = anchor(
            self._store.before(connection, operation, crossing, unit, points[0].at), points[0].at
        )
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
