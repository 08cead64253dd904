"""Tracks for a zoom as they are sent: tables and columns of steps instead of a document a piece.

What a day of all patrols costs on the way to a screen is decided here. Points of all pieces stand
in one column for each of ``x``, ``y`` and ``t``, as the steps from one to the next, written by
``services.number_text``; unit, call sign and device are said once and not once a piece; and times
are no finer than the zoom can show.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from domain.drawn import Drawn
from domain.fleet import Integers
from domain.levels import STEPS, on_grid, pixels
from services.number_text import folded, number_text

COLUMNS = ("source", "start", "end", "fixes", "outliers", "points")
"""What a row of ``tracks`` holds."""

_WHOLE_SECONDS = 11
"""From this zoom on times are told to the second."""


def seconds_of(level: int) -> int:
    """The step of times at a zoom: in it a patrol at 100 km/h drives one pixel at most, so a time
    that is rounded to it is told to half a pixel. Never less than one second."""
    return int(max(1, 2 ** (_WHOLE_SECONDS - level)))


def told(drawn: Drawn, level: int, callsigns: Mapping[str, str], times: bool) -> dict[str, Any]:
    """``drawn`` at the zoom ``level`` for JSON; ``docs/api.md`` has the form.

    ``sources`` has unit, call sign and device; a row of ``tracks`` is a piece, with ``start`` and
    ``end`` in milliseconds since 1970 UTC.
    """
    sources: dict[tuple[str, str], int] = {}
    whose = [
        sources.setdefault(one, len(sources))
        for one in zip(drawn.unit.tolist(), drawn.device.tolist(), strict=True)
    ]
    table = np.column_stack(
        [
            np.array(whose, dtype=np.int64),
            drawn.start // 1000,
            drawn.end // 1000,
            drawn.fixes,
            drawn.outliers,
            drawn.points,
        ]
    )
    answer: dict[str, Any] = {
        "zoom": level,
        "scale": int(pixels(level) * STEPS),
        "sources": [[unit, callsigns.get(unit, unit), device] for unit, device in sources],
        "columns": COLUMNS,
        "tracks": table.tolist(),
        "x": _steps(on_grid(drawn.x, level)),
        "y": _steps(on_grid(drawn.y, level)),
    }
    if times:
        answer["seconds"] = seconds_of(level)
        answer["t"] = _times(drawn, seconds_of(level))
    return answer


def _steps(places: Integers) -> str:
    return number_text(folded(np.diff(places, prepend=0)))


def _times(drawn: Drawn, seconds: int) -> str:
    """Of each piece the steps of time since its start, which is known to the millisecond."""
    since = drawn.time - np.repeat(drawn.start, drawn.points)
    counted = np.rint(since / (seconds * 1e6)).astype(np.int64)
    steps = np.diff(counted, prepend=0)
    first = (np.cumsum(drawn.points) - drawn.points)[drawn.points > 0]
    steps[first] = counted[first]
    return number_text(steps)
