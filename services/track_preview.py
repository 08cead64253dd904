"""What an import would do, before it does anything: counts, reasons, and the track to look at.

What is counted here is what will be counted when it is stored: a point that the file has twice is a
duplicate, wherever in the file, and so is a refusal that is kept already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import numpy as np

from domain.analysis_settings import AnalysisSettings
from domain.errors import InvalidField, TooCostly
from domain.file_budget import MOST_REFUSED
from domain.fixes import Fix, Rejection
from domain.reports import Unreadable, too_many_refused
from domain.stored_fixes import (
    NO_SEGMENT,
    SEGMENT,
    DeviceTrack,
    QuarantineEntry,
    StoredFix,
    Storing,
)
from domain.time import from_microseconds, to_microseconds, to_rfc3339
from services.features import Feature, collection, feature
from services.submissions import Item, Submission, quarantine_entry
from services.track_lines import lines
from services.track_reading import Point

Compare = Callable[[Sequence[StoredFix]], Sequence[Storing]]
"""What storing them would tell."""

Known = Callable[[Sequence[QuarantineEntry]], Sequence[bool]]
"""Of each entry whether the quarantine has it."""

MOST_EXAMPLES = 20
MOST_DRAWN = 20_000
_TOLERANCES_M = (2.0, 10.0, 40.0, 160.0)
_CHUNK = 2_000
_Place = tuple[float, float, int]


class Preview:
    """Reads a file's points once and remembers only what is shown of them."""

    def __init__(
        self, compare: Compare, known: Known, source: str, now: datetime, settings: AnalysisSettings
    ) -> None:
        self._compare = compare
        self._known = known
        self._settings = settings
        self._submission = Submission(source, now, False, ())
        self._now = now
        self._seen: dict[tuple[str, str, datetime], int] = {}
        self._refused: set[int] = set()
        self._tracks: dict[tuple[str, str], dict[int, _Place]] = {}
        self._callsigns: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._examples: list[dict[str, str]] = []
        self._broken = ""

    def read(self, points: Iterator[Point]) -> None:
        """Take in all points. Raises ``InvalidField`` where the file is broken before the first,
        ``TooCostly`` where too many of them would be refused."""
        whole = self._until_broken(points)
        while chunk := list(islice(whole, _CHUNK)):
            self._take(chunk)
        if not self._counts["points"] and self._broken:
            raise InvalidField("file", self._broken)

    def facts(self) -> dict[str, Any]:
        """How many ``points``, of which ``accepted``, ``duplicates`` and ``quarantined`` (by
        ``reasons``, with ``examples``); times, metres, units; ``broken`` tells where the file
        breaks off."""
        times = [time for rows in self._tracks.values() for time in rows]
        return {
            "points": self._counts["points"],
            "accepted": self._counts["accepted"],
            "duplicates": self._counts["duplicates"],
            "quarantined": sum(self._reasons.values()),
            "reasons": dict(self._reasons.most_common()),
            "examples": self._examples,
            "from": to_rfc3339(from_microseconds(min(times))) if times else None,
            "to": to_rfc3339(from_microseconds(max(times))) if times else None,
            "length_m": round(sum(map(_metres, self._pieces(_TOLERANCES_M[-1]))), 1),
            "units": sorted(self._callsigns.values()),
            "broken": self._broken,
        }

    def lines(self) -> Feature:
        """The pieces as LineStrings with ``unit`` and ``gap``, simplified until a browser can draw
        them easily; between two pieces a line with ``gap`` true."""
        for tolerance in _TOLERANCES_M:
            drawn = list(_with_gaps(self._pieces(tolerance)))
            if sum(len(one["geometry"]["coordinates"]) for one in drawn) <= MOST_DRAWN:
                break
        return collection(drawn)

    def _until_broken(self, points: Iterator[Point]) -> Iterator[Point]:
        try:
            yield from points
        except Unreadable as fault:
            self._broken = fault.detail

    def _take(self, chunk: Sequence[Point]) -> None:
        self._counts["points"] += len(chunk)
        fixes = [(point, point.verdict) for point in chunk if isinstance(point.verdict, Fix)]
        stored = [
            StoredFix(point.filing.operation, point.filing.unit, fix, self._now)
            for point, fix in fixes
        ]
        refused: list[tuple[Point, Rejection]] = []
        for (point, fix), told in zip(fixes, self._compare(stored), strict=True):
            self._place(point, fix)
            outcome = self._in_the_file(point, fix, told)
            if outcome is Storing.CONFLICT:
                detail = f"{fix.device} has already said something else about this moment"
                refused.append((point, Rejection("conflicting_duplicate", "fix_time", detail)))
            else:
                name = "accepted" if outcome is Storing.STORED else "duplicates"
                self._counts[name] += 1
        refused += [
            (point, point.verdict) for point in chunk if isinstance(point.verdict, Rejection)
        ]
        self._refuse_new(refused)

    def _in_the_file(self, point: Point, fix: Fix, told: Storing) -> Storing:
        """What becomes of a fix that the store does not have, but perhaps the file before it."""
        if told is not Storing.STORED:
            return told
        key, says = (point.filing.unit, fix.device, fix.fix_time), hash(repr(fix))
        before = self._seen.get(key)
        self._seen.setdefault(key, says)
        if before is None:
            return told
        return Storing.DUPLICATE if before == says else Storing.CONFLICT

    def _refuse_new(self, refused: Sequence[tuple[Point, Rejection]]) -> None:
        self._counts["refused"] += len(refused)
        if self._counts["refused"] > MOST_REFUSED:
            raise _too_many(*refused[-1])
        entries = [
            quarantine_entry(
                self._submission,
                Item(point.report.device, rejection, point.filing, None, b"", point.report),
                rejection,
            )
            for point, rejection in refused
        ]
        for (point, rejection), entry, known in zip(
            refused, entries, self._known(entries), strict=True
        ):
            mark = hash((entry.unit, entry.device, rejection.reason, entry.raw))
            if known or mark in self._refused:
                self._counts["duplicates"] += 1
            else:
                self._refuse(rejection, point)
            self._refused.add(mark)

    def _refuse(self, rejection: Rejection, point: Point) -> None:
        self._reasons[rejection.reason] += 1
        if len(self._examples) < MOST_EXAMPLES:
            where = point.report.where
            detail = rejection.detail.removeprefix(f"{where}: ")
            example = {"reason": rejection.reason, "where": where, "detail": detail}
            self._examples.append(example)

    def _place(self, point: Point, fix: Fix) -> None:
        self._callsigns[point.filing.unit] = point.filing.callsign
        number = fix.attributes.get(SEGMENT, NO_SEGMENT)
        segment = number if isinstance(number, int) and abs(number) < 1 << 62 else NO_SEGMENT
        its = self._tracks.setdefault((point.filing.unit, fix.device), {})
        its.setdefault(to_microseconds(fix.fix_time), (fix.latitude, fix.longitude, segment))

    def _pieces(self, tolerance: float) -> list[Feature]:
        tracks = [_track(*key, rows) for key, rows in sorted(self._tracks.items())]
        return lines(tracks, self._callsigns, tolerance, self._settings)


def _too_many(point: Point, rejection: Rejection) -> TooCostly:
    words = too_many_refused(MOST_REFUSED, rejection.detail, point.report.where)
    return TooCostly("refused", words, MOST_REFUSED)


def _track(unit: str, device: str, rows: Mapping[int, _Place]) -> DeviceTrack:
    times = sorted(rows)
    latitude, longitude, segment = zip(*(rows[time] for time in times), strict=True)
    return DeviceTrack(
        unit,
        device,
        np.array(times, dtype=np.int64),
        np.array(latitude, dtype=np.float64),
        np.array(longitude, dtype=np.float64),
        np.array(segment, dtype=np.int64),
    )


def _metres(piece: Feature) -> float:
    metres: float = piece["properties"]["length_m"]
    return metres


def _with_gaps(pieces: Sequence[Feature]) -> Iterator[Feature]:
    """The pieces as the map draws them, and between two of one device the gap."""
    before: Feature | None = None
    for piece in pieces:
        its, line = piece["properties"], piece["geometry"]["coordinates"]
        if before is not None and its["gap_before_s"] is not None:
            yield _line(its["unit"], [before["geometry"]["coordinates"][-1], line[0]], gap=True)
        yield _line(its["unit"], line, gap=False)
        before = piece


def _line(unit: str, coordinates: Iterable[Any], *, gap: bool) -> Feature:
    geometry = {"type": "LineString", "coordinates": list(coordinates)}
    return feature(geometry, {"unit": unit, "gap": gap, "selected": not gap})
