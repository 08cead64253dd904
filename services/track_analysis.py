"""What units did, worked out from their fixes: distance, time on task, stops, gaps, visits.

Nothing is stored: the same fixes give the same answer, late ones included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from domain.analysis_settings import AnalysisSettings
from domain.coverage import Place, radius_of
from domain.fleet import Fleet, fleet_of_columns
from domain.stored_fixes import FixColumns
from domain.time import from_microseconds, to_rfc3339
from domain.track_analysis import TrackAnalysis, analyse
from domain.visits import STILL_THERE, visits
from services.ports import CrossingFacts, FixReader

MARKED = 200
"""Of so many impossible fixes of a device the place is told; they are all counted."""


class TrackAnalyses:
    """Every method raises ``StoreUnavailable``."""

    def __init__(
        self,
        fixes: FixReader,
        crossings: Callable[[], Sequence[CrossingFacts]],
        settings: AnalysisSettings | None = None,
    ) -> None:
        self._fixes = fixes
        self._crossings = crossings
        self._settings = settings or AnalysisSettings()

    def unit(
        self,
        operation: str,
        unit: str,
        start: datetime,
        end: datetime,
        known_at: datetime | None = None,
    ) -> dict[str, Any]:
        """What one unit did from ``start`` to ``end``, for JSON.

        ``devices`` has the distance (``distance_m``), the time on task (``on_task_s``, of it
        ``standing_s`` in stops), ``fixes``, ``outliers``, ``useless``, ``stops`` and ``gaps`` of
        each device, the one that was heard longest first; ``impossible`` tells where the newest
        ``MARKED`` of its outliers claim to be, oldest first; ``visits`` are the unit's.
        """
        columns = self._fixes.places(operation, unit, start, end, known_at)
        names, which = np.unique(columns.device, return_inverse=True)
        fleet, _ = fleet_of_columns(columns, which)
        found = analyse(fleet, self._settings)
        devices = [_device(found, fleet, number, name) for number, name in enumerate(names)]
        return {
            "unit": unit,
            "callsign": self._fixes.callsigns().get(unit, unit),
            "from": to_rfc3339(start),
            "to": to_rfc3339(end),
            "devices": sorted(devices, key=lambda one: -one["on_task_s"]),
            "visits": self._visits(columns),
        }

    def _visits(self, columns: FixColumns) -> list[dict[str, Any]]:
        crossings = self._crossings()
        places = [
            Place(one.id, one.latitude, one.longitude, radius_of(one.confidence))
            for one in crossings
        ]
        fleet, _ = fleet_of_columns(columns, np.zeros(len(columns), dtype=np.int64))
        found = visits(fleet, places)
        listed = [
            {
                "crossing": crossings[place].id,
                "name": crossings[place].name,
                "entered_at": _moment(entered),
                "seen_at": _moment(seen),
                "left_at": None if left == STILL_THERE else _moment(left),
                "dwell_s": (seen - entered) / 1e6,
            }
            for place, entered, seen, left in zip(
                found.place.tolist(),
                found.entered.tolist(),
                found.last_inside.tolist(),
                found.left.tolist(),
                strict=True,
            )
        ]
        return sorted(listed, key=lambda one: str(one["entered_at"]))


def _device(found: TrackAnalysis, fleet: Fleet, number: int, name: str) -> dict[str, Any]:
    its, gaps, stops = fleet.track == number, found.gaps, found.stops
    return {
        "device": name,
        "fixes": int(its.sum()),
        "outliers": int(found.cleaned.outliers[its].sum()),
        "impossible": [
            {
                "at": _moment(int(fleet.fix_time[fix])),
                "latitude": round(float(fleet.latitude[fix]), 5),
                "longitude": round(float(fleet.longitude[fix]), 5),
            }
            for fix in np.flatnonzero(its & found.cleaned.outliers)[-MARKED:].tolist()
        ],
        "useless": int(found.cleaned.useless[its].sum()),
        "distance_m": round(float(found.distance_m[number])),
        "on_task_s": round(float(found.heard_s[number]), 1),
        "standing_s": round(float(found.standing_s[number]), 1),
        "stops": [
            {
                "start": _moment(int(stops.start[stop])),
                "end": _moment(int(stops.end[stop])),
                "dwell_s": float(stops.dwell_s[stop]),
                "latitude": round(float(stops.latitude[stop]), 5),
                "longitude": round(float(stops.longitude[stop]), 5),
            }
            for stop in np.flatnonzero(stops.track == number).tolist()
        ],
        "gaps": [
            {
                "start": _moment(int(gaps.start[gap])),
                "end": _moment(int(gaps.end[gap])),
                "seconds": (int(gaps.end[gap]) - int(gaps.start[gap])) / 1e6,
            }
            for gap in np.flatnonzero(gaps.track == number).tolist()
        ],
    }


def _moment(microseconds: int) -> str:
    return to_rfc3339(from_microseconds(microseconds))
