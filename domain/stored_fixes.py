"""Fixes as they are kept: one by one for the live path, in columns for tracks and replay.

What can be no fix is kept beside them, in quarantine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from functools import partial
from itertools import starmap
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.fixes import SEGMENT as SEGMENT
from domain.fixes import Fix, Rejection
from domain.time import from_microseconds

NO_SEGMENT = -1
"""``FixColumns.segment`` of a fix that did not come from a file with segments."""


@dataclass(slots=True)  # see Fix
class StoredFix:
    """A fix with the operation and unit it is filed under and when we learned of it (UTC).

    ``contact_lost`` is when its device was lost afterwards, told for the newest fix of a unit only.
    """

    operation: str
    unit: str
    fix: Fix
    received_at: datetime
    contact_lost: datetime | None = None


class Storing(StrEnum):
    """What became of a fix: kept, already there, or contradicting the one already there."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class FixColumns:
    """``n`` fixes as arrays of shape ``(n,)``, ordered by unit, then fix time, then device.

    ``unit`` and ``device`` hold ``str``; ``fix_time`` and ``received_at`` whole microseconds since
    1970 UTC; positions degrees WGS84; ``speed`` metres per second, ``course`` degrees true,
    ``altitude`` and ``accuracy`` metres, ``battery`` 0 to 100, NaN where the device did not say;
    ``segment`` the number of the segment in the file that the fix came from, ``NO_SEGMENT`` for
    others.
    """

    unit: NDArray[np.object_]
    device: NDArray[np.object_]
    fix_time: NDArray[np.int64]
    received_at: NDArray[np.int64]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    speed: NDArray[np.float64]
    course: NDArray[np.float64]
    altitude: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    battery: NDArray[np.float64]
    segment: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.fix_time)

    def take(self, chosen: slice | NDArray[Any]) -> FixColumns:
        """The chosen rows: a slice, a mask of shape ``(n,)`` or indexes."""
        return FixColumns(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def fixes(self) -> list[Fix]:
        """The rows as fixes, without their attributes."""
        optional = (self.speed, self.course, self.altitude, self.accuracy, self.battery)
        rows = zip(
            self.device.tolist(),
            map(from_microseconds, self.fix_time.tolist()),
            self.latitude.tolist(),
            self.longitude.tolist(),
            *map(_nothing_for_nan, optional),
            strict=True,
        )
        return list(starmap(partial(Fix, attributes={}), rows))


@dataclass(frozen=True, slots=True)
class DeviceTrack:
    """Where one device of one unit was: arrays of shape ``(n,)`` by fix time, as in ``FixColumns``.

    Only what a drawn line needs.
    """

    unit: str
    device: str
    fix_time: NDArray[np.int64]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    segment: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.fix_time)

    def take(self, chosen: slice | NDArray[Any]) -> DeviceTrack:
        """The chosen fixes: a slice, a mask of shape ``(n,)`` or indexes."""
        return DeviceTrack(
            self.unit,
            self.device,
            self.fix_time[chosen],
            self.latitude[chosen],
            self.longitude[chosen],
            self.segment[chosen],
        )


class ClockTime(NamedTuple):
    """What the clock of a device said, and when we heard it; microseconds."""

    unit: str
    device: str
    fix_time: int
    received_at: int


@dataclass(frozen=True, slots=True)
class QuarantineEntry:
    """What a device sent, as it was (``raw``), and why it is no fix.

    ``operation`` and ``unit`` are None when the device was in no operation at that time.
    ``source`` is the format: osmand, owntracks, gpx ...; ``fix_time`` is what the clock of a device
    said that was refused for it, otherwise None.
    """

    operation: str | None
    unit: str | None
    device: str
    received_at: datetime
    source: str
    rejection: Rejection
    raw: bytes
    fix_time: datetime | None = None


def _nothing_for_nan(column: NDArray[np.float64]) -> list[float | None]:
    return [None if math.isnan(value) else value for value in column.tolist()]
