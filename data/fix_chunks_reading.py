"""Reading fixes wherever they are: those that have settled in chunks, newer and late ones in rows.

Every function takes an open connection that gives one consistent view, as packing moves fixes from
one table to the other. Times are microseconds since 1970; ``known`` leaves out what was received
later, ``FOREVER`` nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

import numpy as np
from sqlalchemy import Connection

from data.fix_chunks import Places, accuracy_of, chunk_fixes
from data.fix_chunks_queries import (
    ALL_OF_ONE,
    CHUNKS_BACKWARDS,
    EVERY_FIX,
    EVERY_FIX_OF_ONE,
    EVERY_PLACE,
    EVERYTHING,
    FOREVER,
    ITS_PLACES,
    LATEST_ROWS,
    PACKED_UNITS,
    POINTS,
)
from data.fix_rows import NAMES, columns_from, segment_of
from domain.stored_fixes import DeviceTrack, FixColumns

Fixes = list[dict[str, Any]]
"""Whole rows of the table ``fixes``, wherever they were read from."""


def state(
    connection: Connection, operation: str, begin: int, at: int, known: int = FOREVER
) -> tuple[Fixes, list[DeviceTrack]]:
    """The newest fix of each unit up to ``at``, by unit, and its tracks from ``begin`` on."""
    asked = {"operation": operation, "begin": begin, "end": at, "known": known}
    chunk_query, row_query = EVERY_PLACE
    chunks = [_Chunk(row) for row in _by_start(connection.execute(chunk_query, asked))]
    newest = [dict(row) for row in connection.execute(LATEST_ROWS, asked).mappings()]
    newest += _latest_packed(connection, asked, chunks)
    rows = connection.execute(row_query, asked).all() if begin < at else ()
    return _one_a_unit(newest), _tracks(chunks, rows, asked) if begin < at else []


def tracks(
    connection: Connection,
    operation: str,
    unit: str | None,
    begin: int,
    end: int,
    known: int = FOREVER,
) -> list[DeviceTrack]:
    """Where one unit, or each, was from ``begin`` to ``end``, both included; by unit and device."""
    asked = {"operation": operation, "unit": unit, "begin": begin, "end": end, "known": known}
    chunk_query, row_query = EVERY_PLACE if unit is None else ITS_PLACES
    chunks = [_Chunk(row) for row in _by_start(connection.execute(chunk_query, asked))]
    return _tracks(chunks, connection.execute(row_query, asked).all(), asked)


def columns(
    connection: Connection,
    operation: str,
    unit: str | None,
    begin: int,
    end: int,
    known: int = FOREVER,
    *,
    only_places: bool = False,
) -> FixColumns:
    """All fixes of one unit, or of all, from ``begin`` to ``end``, both included.

    ``only_places``: of what was packed, speed, course, altitude and battery are not decoded, which
    takes most of the time; they are NaN.
    """
    asked = {"operation": operation, "unit": unit, "begin": begin, "end": end, "known": known}
    chunk_query, row_query = EVERYTHING if unit is None else ALL_OF_ONE
    found: dict[str, list[FixColumns]] = {}
    for row in _by_start(connection.execute(chunk_query, asked)):
        decode = _places_of if only_places else _everything_of
        found.setdefault(row.unit, []).append(decode(row, begin, end, known))
    for name, rows in groupby(connection.execute(row_query, asked), key=lambda row: row[0]):
        found.setdefault(name, []).append(columns_from(list(rows)))
    in_order = [_in_order(found[name]) for name in sorted(found)]
    return _joined(in_order) if in_order else columns_from(())


def whole(
    connection: Connection, operation: str, unit: str | None, begin: int, end: int, most: int
) -> Fixes:
    """Everything of the fixes of one unit, or of all, from ``begin`` to ``end``, both included; by
    unit, fix time and device. Where there are more than ``most``, any ``most`` of them."""
    asked = {"operation": operation, "unit": unit, "begin": begin, "end": end, "known": FOREVER}
    chunk_query, row_query = EVERY_FIX if unit is None else EVERY_FIX_OF_ONE
    values = [tuple(row) for row in connection.execute(row_query.limit(most), asked)]
    for row in connection.execute(chunk_query, asked):
        if len(values) >= most:
            break
        every = chunk_fixes(row._mapping)
        chosen = _chosen(every.fix_time, every.received_at, begin, end, FOREVER)
        values += every.take(chosen).values(operation, row.unit)
    values.sort(key=itemgetter(1, 2, 3))
    return [dict(zip(NAMES, one, strict=True)) for one in values[:most]]


def _everything_of(row: Any, begin: int, end: int, known: int) -> FixColumns:
    whole = chunk_fixes(row._mapping)
    chosen = _chosen(whole.fix_time, whole.received_at, begin, end, known)
    return whole.take(chosen).columns(row.unit)


def _places_of(row: Any, begin: int, end: int, known: int) -> FixColumns:
    places = Places(row.places, row.fixes)
    chosen = _chosen(places.fix_time, places.received_at, begin, end, known)
    fix_time = places.fix_time[chosen]
    count, names = len(fix_time), places.devices
    unknown = np.full(count, np.nan)
    if len(names) == 1:
        device = np.full(count, names[0], dtype=object)
    else:
        device = np.array(names, dtype=object)[places.which[chosen]]
    return FixColumns(
        unit=np.full(count, row.unit, dtype=object),
        device=device,
        fix_time=fix_time,
        received_at=places.received_at[chosen],
        latitude=places.latitude[chosen],
        longitude=places.longitude[chosen],
        speed=unknown,
        course=unknown,
        altitude=unknown,
        accuracy=accuracy_of(row.readings, row.fixes)[chosen],
        battery=unknown,
        segment=places.segment[chosen],
    )


Point = tuple[int, float, float, float | None]
"""Fix time, latitude, longitude, accuracy."""


def fixes_since(connection: Connection, operation: str, unit: str, begin: int) -> list[Point]:
    """The fixes of one unit from ``begin`` on, in order of fix time."""
    asked = {"operation": operation, "unit": unit, "begin": begin, "end": FOREVER, "known": FOREVER}
    chunk_query, row_query = POINTS
    found: list[Point] = []
    for row in connection.execute(chunk_query, asked):
        places = Places(row.places, row.fixes)
        chosen = slice(int(np.searchsorted(places.fix_time, begin)), None)
        columns = (places.fix_time, places.latitude, places.longitude)
        accuracy = accuracy_of(row.readings, row.fixes)[chosen].tolist()
        found += zip(
            *(column[chosen].tolist() for column in columns),
            (None if math.isnan(metres) else metres for metres in accuracy),
            strict=True,
        )
    found += (tuple(row) for row in connection.execute(row_query, asked))
    return sorted(found, key=itemgetter(0))


# --- chunks --------------------------------------------------------------------------------------


def _by_start(rows: Iterable[Any]) -> list[Any]:
    return sorted(rows, key=attrgetter("start"))


class _Chunk:
    """One chunk that was read, decoded as far as it is needed."""

    def __init__(self, row: Any) -> None:
        self.unit: str = row.unit
        self._readings: bytes | None = row.readings
        self.places = Places(row.places, row.fixes)

    def latest(self, operation: str, at: int, known: int) -> dict[str, Any] | None:
        """The newest fix up to ``at``; of two at one moment what was received last."""
        places = self.places
        count = int(np.searchsorted(places.fix_time, at, side="right"))
        candidates = np.arange(count)
        if known != FOREVER:
            candidates = np.flatnonzero(places.received_at[:count] <= known)
        if not len(candidates) or self._readings is None:
            return None
        index = int(candidates[-1])
        same = candidates[places.fix_time[candidates] == places.fix_time[index]]
        if len(same) > 1:
            names, which, received = places.devices, places.which, places.received_at
            index = max(same.tolist(), key=lambda one: (received[one], names[which[one]]))
        return places.row(operation, self.unit, self._readings, index)

    def tracks(self, begin: int, end: int, known: int) -> Iterator[DeviceTrack]:
        """One for each device."""
        places = self.places
        received = places.received_at if known != FOREVER else None
        chosen = _chosen(places.fix_time, received, begin, end, known)
        fix_time = places.fix_time[chosen]
        if not len(fix_time):
            return
        names = places.devices
        latitude, longitude = places.latitude[chosen], places.longitude[chosen]
        both = DeviceTrack(
            self.unit, names[0], fix_time, latitude, longitude, places.segment[chosen]
        )
        if len(names) == 1:
            yield both
            return
        which = places.which[chosen]
        for number, name in enumerate(names):
            its = both.take(which == number)
            if len(its):
                yield _renamed(its, name)


def _chosen(fix_time: Any, received_at: Any, begin: int, end: int, known: int) -> Any:
    first = int(np.searchsorted(fix_time, begin))
    last = int(np.searchsorted(fix_time, end, side="right"))
    if known == FOREVER:
        return slice(first, last)
    return first + np.flatnonzero(received_at[first:last] <= known)


def _latest_packed(
    connection: Connection, asked: dict[str, Any], chunks: Sequence[_Chunk]
) -> Fixes:
    operation, at, known = asked["operation"], asked["end"], asked["known"]
    last = {chunk.unit: chunk for chunk in chunks}
    found = {unit: chunk.latest(operation, at, known) for unit, chunk in last.items()}
    if known != FOREVER:  # what was known of a unit may be further back than what is there now
        for unit in connection.scalars(PACKED_UNITS, asked).all():
            if unit is not None and found.get(unit) is None:
                found[unit] = _latest_known(connection, {**asked, "unit": unit})
    return [fix for fix in found.values() if fix is not None]


def _latest_known(connection: Connection, asked: dict[str, Any]) -> dict[str, Any] | None:
    end = asked["end"]
    while row := connection.execute(CHUNKS_BACKWARDS, {**asked, "end": end}).first():
        found = _Chunk(row).latest(asked["operation"], asked["end"], asked["known"])
        if found is not None:
            return found
        end = row.start - 1
    return None


# --- both together -------------------------------------------------------------------------------


def _one_a_unit(newest: Fixes) -> Fixes:
    newest.sort(key=lambda row: (row["unit"], row["fix_time"], row["received_at"], row["device"]))
    return list({row["unit"]: row for row in newest}.values())


def _tracks(
    chunks: Iterable[_Chunk], rows: Sequence[Any], asked: dict[str, Any]
) -> list[DeviceTrack]:
    found: dict[tuple[str, str], list[DeviceTrack]] = {}
    for chunk in chunks:
        for part in chunk.tracks(asked["begin"], asked["end"], asked["known"]):
            found.setdefault((part.unit, part.device), []).append(part)
    for part in _tracks_of_rows(rows):
        found.setdefault((part.unit, part.device), []).append(part)
    return [_one_track(found[key]) for key in sorted(found)]


def _tracks_of_rows(rows: Sequence[Any]) -> Iterator[DeviceTrack]:
    if not rows:
        return
    units, devices, fix_time, latitude, longitude, attributes = zip(*rows, strict=True)
    whole = DeviceTrack(
        "",
        "",
        np.array(fix_time, dtype=np.int64),
        np.array(latitude),
        np.array(longitude),
        np.array([segment_of(text) for text in attributes], dtype=np.int64),
    )
    first = 0
    for unit, same in groupby(units):
        last = first + sum(1 for _ in same)
        named = devices[first:last]
        names = set(named)
        its = whole.take(slice(first, last))
        for name in names:
            part = its if len(names) == 1 else its.take(np.array([one == name for one in named]))
            yield DeviceTrack(
                unit, name, part.fix_time, part.latitude, part.longitude, part.segment
            )
        first = last


def _renamed(track: DeviceTrack, device: str) -> DeviceTrack:
    return DeviceTrack(
        track.unit, device, track.fix_time, track.latitude, track.longitude, track.segment
    )


def _one_track(its: Sequence[DeviceTrack]) -> DeviceTrack:
    every = its[0]
    if len(its) > 1:
        every = DeviceTrack(
            every.unit,
            every.device,
            np.concatenate([part.fix_time for part in its]),
            np.concatenate([part.latitude for part in its]),
            np.concatenate([part.longitude for part in its]),
            np.concatenate([part.segment for part in its]),
        )
    if (np.diff(every.fix_time) > 0).all():
        return every
    return every.take(np.argsort(every.fix_time))


def _in_order(its: Sequence[FixColumns]) -> FixColumns:
    """The fixes of one unit by fix time, then device."""
    every = _joined(its)
    if (np.diff(every.fix_time) > 0).all():
        return every
    _, device = np.unique(every.device, return_inverse=True)
    return every.take(np.lexsort((device, every.fix_time)))


def _joined(its: Sequence[FixColumns]) -> FixColumns:
    if len(its) == 1:
        return its[0]
    names = FixColumns.__dataclass_fields__
    return FixColumns(*(np.concatenate([getattr(one, name) for one in its]) for name in names))
