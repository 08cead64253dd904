"""Fixes out, as a file: what was stored, all of it, so that an import gives the same fixes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import numpy as np

from domain.access.rights import Act, Data, require
from domain.analysis_settings import AnalysisSettings
from domain.errors import InvalidField, NotFound
from domain.fixes import Fix
from domain.reports import Track
from domain.stored_fixes import NO_SEGMENT, SEGMENT, StoredFix
from domain.time import to_microseconds
from domain.tracks import split
from services.event_ports import OperationFacts
from services.file_ports import TrackFormat, TrackFormats
from services.ports import FixReader

_USUAL = AnalysisSettings()

MOST = 100_000
"""Fixes of one file: a whole day of a unit at one a second. It takes some 3 s and 200 MB, and the
others wait; more would fill the memory of a small server. Ask for shorter periods."""

MOST_AT_THE_MACHINE = 500_000
"""Fixes of one file on the command line, in a process of its own."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A file: its name, its media type, and how many fixes in how many pieces it has."""

    name: str
    media: str
    data: bytes
    fixes: int
    segments: int


class TrackExport:
    """Every method raises ``StoreUnavailable``."""

    def __init__(
        self,
        fixes: FixReader,
        roster: OperationFacts,
        formats: TrackFormats,
        *,
        gap_s: float = _USUAL.gap_s,
    ) -> None:
        self._fixes = fixes
        self._formats = formats
        self._roster = roster
        self._gap_s = gap_s

    def export(
        self,
        operation: str,
        unit: str | None,
        start: datetime,
        end: datetime,
        name: str,
        role: str,
        most: int = MOST,
    ) -> Exported:
        """The fixes of a unit, or of all, from ``start`` to ``end``, as the format ``name`` (of the
        registry, or how its files end); at most ``most`` of them.

        Raises ``NotPermitted``, ``InvalidField`` (format; from, where the period has too many
        fixes), and ``NotFound`` where there is nothing.
        """
        require(role, Act.TAKE_AWAY, Data.TRACKS)
        known = self._roster.operation(operation).id
        found = self._format(name)
        if end < start:
            raise InvalidField("to", "is before from")
        tracks = self.tracks(known, unit, start, end, most)
        encode = found.encode
        if encode is None:
            raise InvalidField("format", "is only read")
        parts = [part for track in tracks for part in track.segments]
        who = tracks[0].name if len(tracks) == 1 else "all units"
        file_name = f"{known} {who} {start:%Y%m%dT%H%MZ} {end:%Y%m%dT%H%MZ}"
        return Exported(
            name=re.sub(r"[^A-Za-z0-9]+", "-", file_name).strip("-") + found.suffix,
            media=found.media,
            data=encode(tracks),
            fixes=sum(map(len, parts)),
            segments=len(parts),
        )

    def tracks(
        self,
        operation: str,
        unit: str | None,
        start: datetime,
        end: datetime,
        most: int = MOST,
    ) -> list[Track]:
        """Every fix, outliers too: a track a unit, its pieces by device."""
        too_many = InvalidField("from", f"has more than {most:,} positions after it: ask for less")
        if self._fixes.about(operation, unit, start, end) > most:
            raise too_many  # before they are read
        stored = self._fixes.whole(operation, unit, start, end, most + 1)
        if len(stored) > most:
            raise too_many
        if not stored:
            raise NotFound("there are no positions in that time")
        callsigns = self._fixes.callsigns()
        return [
            Track(callsigns.get(name, name), list(self._pieces(list(its))))
            for name, its in groupby(stored, key=lambda one: one.unit)
        ]

    def _format(self, name: str) -> TrackFormat:
        for known, found in self._formats.items():
            if name.casefold() in (known, found.suffix[1:]):
                return found
        ends = ", ".join(found.suffix[1:] for found in self._formats.values())
        raise InvalidField("format", f"must be one of {ends}")

    def _pieces(self, stored: list[StoredFix]) -> Iterator[Sequence[Fix]]:
        stored.sort(key=lambda one: one.fix.device)  # keeps the order by time within a device
        for _, its in groupby(stored, key=lambda one: one.fix.device):
            fixes = [one.fix for one in its]
            times = np.array([to_microseconds(fix.fix_time) for fix in fixes], dtype=np.int64)
            numbers = np.array([_segment(fix) for fix in fixes], dtype=np.int64)
            for part in split(times, self._gap_s, numbers):
                yield fixes[part]


def _segment(fix: Fix) -> int:
    number = fix.attributes.get(SEGMENT, NO_SEGMENT)
    return number if isinstance(number, int) and abs(number) < 1 << 62 else NO_SEGMENT
