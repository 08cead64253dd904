"""What a fleet did: cleaned fixes, gaps, stops, the way driven and the time on task."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from domain.analysis_settings import AnalysisSettings
from domain.cleaning import outliers, useless
from domain.fleet import (
    MICROSECONDS,
    Fleet,
    Floats,
    Integers,
    Marks,
    lengths,
    pieces,
    plane,
    simplified,
    sums,
)
from domain.stops import Stops, find_stops


@dataclass(frozen=True, slots=True)
class Cleaned:
    """``believed`` are the fixes that are used and ``piece`` the unbroken piece of each.

    ``outliers`` and ``useless`` mark fixes of the fleet as it was given.
    """

    believed: Fleet
    piece: Integers
    outliers: Marks
    useless: Marks


@dataclass(frozen=True, slots=True)
class Gaps:
    """Silences of one track, arrays of shape ``(g,)``: times in microseconds of the fixes around.

    ``before`` is the index of the believed fix after which nothing was heard.
    """

    track: Integers
    before: Integers
    start: Integers
    end: Integers


@dataclass(frozen=True, slots=True)
class TrackAnalysis:
    """The whole answer. Of each track, arrays of shape ``(tracks,)``: ``distance_m`` driven, not
    counting how a receiver wanders and what happened in gaps; ``heard_s`` the time on task, from
    the first to the last fix without the gaps; ``standing_s`` what of it was spent in stops.
    """

    cleaned: Cleaned
    gaps: Gaps
    stops: Stops
    distance_m: Floats
    heard_s: Floats
    standing_s: Floats


def clean(fleet: Fleet, settings: AnalysisSettings) -> Cleaned:
    """Mark what cannot be, and break what is left where nothing was heard."""
    poor = useless(fleet, settings)
    wrong = np.zeros(len(fleet), dtype=np.bool_)
    usable = fleet.take(~poor) if poor.any() else fleet
    lies = outliers(usable, settings)
    wrong[~poor] = lies
    believed = usable.take(~lies) if lies.any() else usable
    return Cleaned(believed, pieces(believed, settings.gap_s), wrong, poor)


def analyse(fleet: Fleet, settings: AnalysisSettings) -> TrackAnalysis:
    """Everything at once, for every track of the fleet."""
    tracks = int(fleet.track[-1]) + 1 if len(fleet) else 0
    cleaned = clean(fleet, settings)
    believed, piece = cleaned.believed, cleaned.piece
    stops = find_stops(believed, piece, settings)
    heard = np.zeros(tracks)
    if len(believed):
        same = np.diff(piece) == 0
        seconds = np.diff(believed.fix_time) * same / MICROSECONDS
        heard = sums(believed.track[1:], seconds, tracks)
    return TrackAnalysis(
        cleaned=cleaned,
        gaps=_gaps(believed, piece),
        stops=stops,
        distance_m=_distances(believed, piece, stops, tracks, settings.wander_m),
        heard_s=heard,
        standing_s=sums(stops.track, stops.dwell_s, tracks),
    )


def _gaps(believed: Fleet, piece: Integers) -> Gaps:
    broken = (np.diff(piece) != 0) & (np.diff(believed.track) == 0)
    before = np.flatnonzero(broken)
    return Gaps(
        believed.track[before], before, believed.fix_time[before], believed.fix_time[before + 1]
    )


def _distances(
    believed: Fleet, piece: Integers, stops: Stops, tracks: int, wander_m: float
) -> Floats:
    """Metres by track along the simplified way, on which every stop is one point."""
    if len(believed) == 0:
        return np.zeros(tracks)
    x, y = plane(believed)
    inside = stops.inside(len(believed))
    if len(stops):
        size = stops.last - stops.first + 1
        x[inside] = np.repeat(_means(x, stops), size)
        y[inside] = np.repeat(_means(y, stops), size)
    kept = simplified(x, y, piece, wander_m)
    by_piece = lengths(x[kept], y[kept], piece[kept], int(piece[-1]) + 1)
    first = np.flatnonzero(np.diff(piece, prepend=-1))
    return sums(believed.track[first], by_piece, tracks)


def _means(values: Floats, stops: Stops) -> Floats:
    total = np.concatenate([[0.0], np.cumsum(values)])
    means: Floats = (total[stops.last + 1] - total[stops.first]) / (stops.last - stops.first + 1)
    return means
