"""Tracks as lines of GeoJSON: cleaned, cut at gaps and simplified, all of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from domain.analysis_settings import AnalysisSettings
from domain.cleaning import outliers
from domain.fleet import Fleet, Integers, lengths, pieces, plane, simplified, starts
from domain.stored_fixes import DeviceTrack
from domain.time import from_microseconds, to_rfc3339
from services.features import DECIMALS, Feature, feature


def lines(
    found: Sequence[DeviceTrack],
    callsigns: Mapping[str, str],
    tolerance: float,
    settings: AnalysisSettings,
) -> list[Feature]:
    """A LineString for each unbroken piece of each track, in their order.

    ``tolerance`` in metres; ``Tracks.tracks`` tells the properties. GeoJSON asks for two positions
    at least: of a single fix the same twice, which draws as a dot.
    """
    fleet = _fleet(found)
    if len(fleet) == 0:
        return []
    lies = outliers(fleet, settings)
    left_out, believed = (fleet.take(lies), fleet.take(~lies)) if lies.any() else (None, fleet)
    piece = pieces(believed, settings.gap_s)
    x, y = plane(believed)
    first = starts(piece)
    last = np.append(first[1:], len(believed)) - 1
    metres = lengths(x, y, piece, len(first))
    kept = simplified(x, y, piece, tolerance)
    both = np.column_stack([believed.longitude[kept], believed.latitude[kept]]).round(DECIMALS)
    points = both.tolist()
    ends = np.searchsorted(kept, last, side="right").tolist()
    begins = [0, *ends[:-1]]
    track, start, end = (
        column.tolist()
        for column in (believed.track[first], believed.fix_time[first], believed.fix_time[last])
    )
    counts = _left_out(left_out, believed.track[last], believed.fix_time[last])
    features = []
    for number, whose in enumerate(track):
        same = number > 0 and track[number - 1] == whose
        gap = round((start[number] - end[number - 1]) / 1e6, 1) if same else None
        unit = found[whose].unit
        properties = {
            "unit": unit,
            "callsign": callsigns.get(unit, unit),
            "device": found[whose].device,
            "start": to_rfc3339(from_microseconds(start[number])),
            "end": to_rfc3339(from_microseconds(end[number])),
            "gap_before_s": gap,
            "fixes": int(last[number] - first[number] + 1),
            "length_m": round(float(metres[number]), 1),
            "outliers": counts[number],
        }
        its = points[begins[number] : ends[number]]
        coordinates = its if len(its) > 1 else its * 2
        features.append(feature({"type": "LineString", "coordinates": coordinates}, properties))
    return features


def _fleet(found: Sequence[DeviceTrack]) -> Fleet:
    """The tracks in their order, which is that of ``Fleet``."""
    if not found:
        none = np.zeros(0)
        return Fleet(*(column.astype(kind) for column, kind in zip(
            [none] * 6, ("i8", "i8", "f8", "f8", "f8", "i8"), strict=True)))  # fmt: skip
    count = [len(one) for one in found]
    return Fleet(
        np.repeat(np.arange(len(found)), count),
        np.concatenate([one.fix_time for one in found]),
        np.concatenate([one.latitude for one in found]),
        np.concatenate([one.longitude for one in found]),
        np.full(sum(count), np.nan),
        np.concatenate([one.segment for one in found]),
    )


def _left_out(lies: Fleet | None, track: Integers, end: Integers) -> list[int]:
    """How many outliers belong to each piece: those since the piece before it ended."""
    counts = [0] * len(track)
    if lies is None:
        return counts
    for whose, moment in zip(lies.track.tolist(), lies.fix_time.tolist(), strict=True):
        its = np.flatnonzero((track == whose) & (end >= moment))
        if len(its):
            counts[int(its[0])] += 1
    return counts
