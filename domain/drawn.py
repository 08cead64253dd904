"""Tracks as they are drawn: unbroken pieces with the points that a zoom of the map can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from domain.analysis_settings import AnalysisSettings
from domain.fleet import MICROSECONDS, Fleet, Floats, Integers, fleet_of_columns, numbered, starts
from domain.levels import COARSEST, levels, shown_at, world
from domain.stored_fixes import FixColumns
from domain.track_analysis import Cleaned, clean

MARGIN_S = 300.0
"""Fixes of so long before and after a span are looked at to tell which fixes of it cannot be."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """``p`` pieces by unit, device and time, with ``k`` points in the same order.

    Of each piece, shape ``(p,)``: ``unit`` and ``device`` (text), ``segment`` as in ``FixColumns``,
    ``start`` and ``end`` the times of its first and last fix in microseconds, ``fixes`` how many
    it has, ``outliers`` how many were left out of it or of the gap before it, ``points`` how many
    of the ``k``. Of each point, shape ``(k,)``: ``time`` in microseconds, ``x`` and ``y`` in the
    ``world`` of ``domain.levels``, ``zooms`` as in ``Levels``.
    """

    unit: NDArray[np.object_]
    device: NDArray[np.object_]
    segment: Integers
    start: Integers
    end: Integers
    fixes: Integers
    outliers: Integers
    points: Integers
    time: Integers
    x: Floats
    y: Floats
    zooms: Integers

    def at_zoom(self, zoom: int) -> Drawn:
        """Only the points that the zoom shows; it is one of those with levels."""
        return self._with_points((self.zooms >> (zoom - COARSEST)) & 1 == 1)

    def within(self, lowest: int, highest: int) -> Drawn:
        """Only the points that some zoom from ``lowest`` to ``highest`` shows."""
        bits = (1 << (highest + 1 - COARSEST)) - (1 << (lowest - COARSEST))
        return self._with_points(self.zooms & bits != 0)

    def of_unit(self, unit: str) -> Drawn:
        """Only the pieces of one unit."""
        chosen = self.unit == unit
        points = np.repeat(chosen, self.points)
        return Drawn(
            *(getattr(self, field.name)[chosen] for field in _PIECES),
            *(getattr(self, field.name)[points] for field in _POINTS),
        )

    def _with_points(self, chosen: NDArray[np.bool_]) -> Drawn:
        piece = np.repeat(np.arange(len(self.points)), self.points)[chosen]
        columns = {field.name: getattr(self, field.name) for field in _PIECES}
        columns["points"] = np.bincount(piece, minlength=len(self.points))
        return Drawn(**columns, **{f.name: getattr(self, f.name)[chosen] for f in _POINTS})


_PIECES, _POINTS = fields(Drawn)[:8], fields(Drawn)[8:]


def draw(
    columns: FixColumns,
    start: int,
    end: int,
    settings: AnalysisSettings,
    zoom: int | None = None,
) -> Drawn:
    """The tracks from ``start`` up to, not including, ``end``; microseconds.

    ``columns`` should reach ``MARGIN_S`` further at both sides. With a ``zoom`` only the points
    that it shows, without one those of every zoom that has levels.
    """
    track = numbered(columns.unit) * (len(columns) + 1) + numbered(columns.device)
    fleet, order = fleet_of_columns(columns, track)
    cleaned = clean(fleet, settings)
    whole = np.flatnonzero(~(cleaned.outliers | cleaned.useless))
    now = (cleaned.believed.fix_time >= start) & (cleaned.believed.fix_time < end)
    believed, index = cleaned.believed.take(now), order[whole[now]]
    first = starts(cleaned.piece[now])
    size = np.diff(np.append(first, len(believed)))
    piece = np.repeat(np.arange(len(first)), size)
    x, y = world(believed.latitude, believed.longitude)
    if zoom is None:
        chosen = levels(x, y, piece)
        shown, zooms = chosen.index, chosen.zooms
    else:
        shown = shown_at(x, y, piece, zoom)
        zooms = np.zeros(len(shown), dtype=np.int64)
    last = first + size - 1
    return Drawn(
        unit=columns.unit[index[first]],
        device=columns.device[index[first]],
        segment=believed.segment[first],
        start=believed.fix_time[first],
        end=believed.fix_time[last],
        fixes=size,
        outliers=_left_out(fleet, cleaned, believed, last, start, end),
        points=np.bincount(piece[shown], minlength=len(first)),
        time=believed.fix_time[shown],
        x=x[shown],
        y=y[shown],
        zooms=zooms,
    )


def _left_out(
    fleet: Fleet, cleaned: Cleaned, believed: Fleet, last: Integers, start: int, end: int
) -> Integers:
    """How many outliers belong to each piece: to the first that ends after them, else the last."""
    counts = np.zeros(len(last), dtype=np.int64)
    lies = fleet.take(cleaned.outliers)
    track, ends = believed.track[last], believed.fix_time[last]
    for number, moment in zip(lies.track.tolist(), lies.fix_time.tolist(), strict=True):
        its = np.flatnonzero(track == number)
        if start <= moment < end and len(its):
            counts[its[min(int(np.searchsorted(ends[its], moment)), len(its) - 1)]] += 1
    return counts


def joined(spans: Sequence[Drawn], gap_s: float) -> Drawn:
    """Spans one after the other in time as one: pieces go on where there is no gap between them."""
    every = [np.concatenate([getattr(one, f.name) for one in spans]) for f in fields(Drawn)]
    whole = Drawn(*every)
    order = np.lexsort((whole.start, numbered(whole.device), numbered(whole.unit)))
    whole = _in_order(whole, order)
    if len(whole.unit) < 2:
        return whole
    goes_on = (whole.unit[1:] == whole.unit[:-1]) & (whole.device[1:] == whole.device[:-1])
    goes_on &= whole.segment[1:] == whole.segment[:-1]
    goes_on &= whole.start[1:] - whole.end[:-1] <= gap_s * MICROSECONDS
    first = np.flatnonzero(np.concatenate([[True], ~goes_on.astype(np.bool_)]))
    last = np.append(first[1:], len(whole.unit)) - 1
    return Drawn(
        unit=whole.unit[first],
        device=whole.device[first],
        segment=whole.segment[first],
        start=whole.start[first],
        end=whole.end[last],
        fixes=np.add.reduceat(whole.fixes, first),
        outliers=np.add.reduceat(whole.outliers, first),
        points=np.add.reduceat(whole.points, first),
        time=whole.time,
        x=whole.x,
        y=whole.y,
        zooms=whole.zooms,
    )


def _in_order(whole: Drawn, order: Integers) -> Drawn:
    begin = np.cumsum(whole.points) - whole.points
    size = whole.points[order]
    shift = np.repeat(begin[order] - (np.cumsum(size) - size), size)
    points = np.arange(size.sum()) + shift
    return Drawn(
        *(getattr(whole, field.name)[order] for field in _PIECES),
        *(getattr(whole, field.name)[points] for field in _POINTS),
    )
