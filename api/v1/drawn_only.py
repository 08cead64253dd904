"""What the monitor asks of tracks: the trails of now, as sharp as a map is drawn, and nothing more.

Whoever sees trails but no tracks may ask exactly this. The trails that the monitor offers are of
minutes, of four hours and of the shift, and begin at a whole hour where they are long.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import request

from domain.levels import FINEST
from domain.roster import Shift

_USUAL_SHIFT = timedelta(hours=8)
_WHOLE_HOUR = timedelta(hours=1)
_ON_THE_WAY = timedelta(minutes=2)
"""A screen asks by its own clock, and the question takes a moment."""

_OTHER_THINGS = ("to", "unit", "known_at", "tolerance")
"""What no monitor sends: the past, and how exact."""


def is_drawn_by_the_monitor(
    zoom: float | None, start: datetime, now: datetime, shift: Shift | None
) -> bool:
    """Whether the request asks for trails that the monitor draws now, from ``start``.

    At the finest zoom a line is off by some metres, and its points lie on a grid of one.
    """
    if zoom is None or zoom > FINEST or any(name in request.args for name in _OTHER_THINGS):
        return False
    began = now - _USUAL_SHIFT if shift is None else min(shift.period.starts_at, now - _USUAL_SHIFT)
    return start >= began - _WHOLE_HOUR - _ON_THE_WAY
