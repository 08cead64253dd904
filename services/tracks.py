"""Where units are and were, as GeoJSON: the read models of the map, the API and replay.

``known_at`` leaves out what was received later. A line is drawn only where one device measured
without a gap: a gap is a gap, and the lines of two devices of a unit are never mixed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from domain.analysis_settings import AnalysisSettings
from domain.errors import InvalidField
from domain.stored_fixes import FixColumns, StoredFix
from domain.tracks import Freshness, split
from services.features import Feature, collection, position_feature
from services.ports import FixReader
from services.track_lines import lines

TOLERANCE_M = 5.0
"""Default: how far a drawn line may be from a fix; about the accuracy of a phone."""


MOST_AT_ONCE = 500_000
"""Fixes whose lines are worked out for one answer: about a second, and 150 MB."""

Skews = Callable[[str, datetime], Mapping[tuple[str, str], float]]
"""By unit and device, by how many seconds the clock of a device runs ahead now."""


class Tracks:
    """Every method raises ``StoreUnavailable``."""

    def __init__(
        self,
        fixes: FixReader,
        *,
        freshness: Freshness | None = None,
        settings: AnalysisSettings | None = None,
        skews: Skews | None = None,
    ) -> None:
        self._fixes = fixes
        self._freshness = freshness or Freshness()
        self._settings = settings or AnalysisSettings()
        self._skews = skews

    def latest_positions(
        self,
        operation: str,
        now: datetime,
        at: datetime | None = None,
        known_at: datetime | None = None,
    ) -> Feature:
        """A FeatureCollection: the newest position of each unit up to ``at``.

        ``age`` and ``status`` (fresh, late, silent) are those at ``at``, or ``now`` without it;
        then ``clock_skew_s`` tells by how much the clock of the device runs ahead as far as it is
        known, None where it is not.
        ``contact_lost`` is there when the device of the position was lost afterwards.
        """
        newest = self._fixes.latest(operation, at, known_at)
        points = self._points(newest, self._fixes.callsigns(), at or now)
        if at is None and self._skews is not None:
            skews = self._skews(operation, now)
            for one in points:
                its = one["properties"]
                its["clock_skew_s"] = skews.get((its["unit"], its["device"]))
        return collection(points)

    def state(
        self,
        operation: str,
        at: datetime,
        seconds: float,
        known_at: datetime | None = None,
        tolerance: float = TOLERANCE_M,
    ) -> Feature:
        """A FeatureCollection: where each unit was at ``at``, then the lines of the ``seconds``
        before it, as in ``latest_positions`` and ``trails``, from one look at the store."""
        newest, trails = self._fixes.state(operation, at, seconds, known_at)
        callsigns = self._fixes.callsigns()
        points = self._points(newest, callsigns, at)
        return collection(points + lines(trails, callsigns, tolerance, self._settings))

    def refuse_too_much(
        self, operation: str, unit: str | None, start: datetime, end: datetime
    ) -> None:
        """Raise ``InvalidField`` where ``tracks`` would have to go through too many fixes."""
        if self._fixes.about(operation, unit, start, end) > MOST_AT_ONCE:
            raise InvalidField(
                "from",
                f"has more than {MOST_AT_ONCE:,} positions between it and to: ask for a shorter "
                "time, or for one unit",
            )

    def tracks(
        self,
        operation: str,
        unit: str | None,
        start: datetime,
        end: datetime,
        tolerance: float = TOLERANCE_M,
        known_at: datetime | None = None,
    ) -> Feature:
        """A FeatureCollection of LineStrings, one for each unbroken piece, by unit and time.

        ``tolerance`` in metres, 0 keeps every fix; ``unit`` None means all. Properties: unit,
        callsign, device, start, end, ``gap_before_s`` (None for the first of a device), ``fixes``,
        ``length_m`` and ``outliers``: how many impossible fixes were left out of the line or the
        gap before it.
        """
        found = self._fixes.tracks(operation, unit, start, end, known_at)
        return collection(lines(found, self._fixes.callsigns(), tolerance, self._settings))

    def trails(
        self,
        operation: str,
        until: datetime,
        seconds: float,
        tolerance: float = TOLERANCE_M,
        known_at: datetime | None = None,
    ) -> Feature:
        """As ``tracks``, of all units in the ``seconds`` up to ``until``."""
        start = until - timedelta(seconds=seconds)
        return self.tracks(operation, None, start, until, tolerance, known_at)

    def pieces(
        self, operation: str, unit: str, start: datetime, end: datetime
    ) -> list[list[FixColumns]]:
        """Every fix of a unit, outliers too: for each device its unbroken pieces in order."""
        columns = self._fixes.between(operation, unit, start, end)
        return [
            [
                device.take(part)
                for part in split(device.fix_time, self._settings.gap_s, device.segment)
            ]
            for device in _by_device(columns)
        ]

    def _points(
        self, newest: Sequence[StoredFix], callsigns: Mapping[str, str], then: datetime
    ) -> list[Feature]:
        return [
            position_feature(
                one.unit,
                callsigns.get(one.unit, one.unit),
                one.fix,
                one.received_at,
                then,
                self._freshness,
                contact_lost=one.contact_lost,
            )
            for one in newest
        ]


def _by_device(columns: FixColumns) -> Iterator[FixColumns]:
    """The fixes of each device of each unit, by fix time."""
    if len(columns) == 0:
        return
    _, device = np.unique(columns.device, return_inverse=True)
    _, unit = np.unique(columns.unit, return_inverse=True)
    order = np.lexsort((columns.fix_time, device, unit))
    changes = np.flatnonzero(np.diff(unit[order]) | np.diff(device[order])) + 1
    for first, last in pairwise([0, *changes.tolist(), len(order)]):
        yield columns.take(order[first:last])
