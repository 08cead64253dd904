"""What a track is: fixes in order, broken where nothing was known.

Everything here is vectorised and pure. Lengths are metres, durations seconds, positions degrees
WGS84 in arrays of shape ``(n,)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from domain.analysis_settings import AnalysisSettings
from domain.cleaning import outliers as impossible
from domain.fleet import fleet_of

_USUAL = AnalysisSettings()
_MICROSECONDS = 1_000_000

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a position stops being fresh, and when its unit counts as silent; seconds of age."""

    late_after_s: float = 60.0
    silent_after_s: float = 300.0

    def status(self, age_s: float) -> str:
        """``fresh``, ``late`` or ``silent``."""
        if age_s < self.late_after_s:
            return "fresh"
        return "late" if age_s < self.silent_after_s else "silent"


def split(
    fix_time: Integers, gap_s: float = _USUAL.gap_s, segment: Integers | None = None
) -> list[slice]:
    """Unbroken pieces of one device's fixes, in order.

    A piece ends where the next fix is more than ``gap_s`` later or, with ``segment``, where that
    number changes. ``fix_time`` is ascending microseconds.
    """
    if len(fix_time) == 0:
        return []
    broken = np.diff(fix_time) > gap_s * _MICROSECONDS
    if segment is not None:
        broken |= np.diff(segment) != 0
    edges = [0, *(np.flatnonzero(broken) + 1).tolist(), len(fix_time)]
    return [slice(first, last) for first, last in pairwise(edges)]


def outliers(
    fix_time: Integers,
    latitude: Floats,
    longitude: Floats,
    settings: AnalysisSettings = _USUAL,
) -> NDArray[np.bool_]:
    """Marks the fixes of one device where no patrol can have been, shape ``(n,)``.

    ``domain.cleaning`` tells how.
    """
    if len(fix_time) < 3:
        return np.zeros(len(fix_time), dtype=np.bool_)
    fleet, _ = fleet_of(np.zeros(len(fix_time)), fix_time, latitude, longitude)
    return impossible(fleet, settings)
