"""How far the clock of a device is off, told by when we heard what it says it measured when.

A message needs some time, sometimes much when there is no network, but never less than none. So of
many messages the quickest ones tell the clock: they took next to no time.
"""

from __future__ import annotations

import numpy as np

from domain.fleet import MICROSECONDS, Integers

ENOUGH = 5
"""Of fewer messages nothing is told."""

RECENT = 60
"""So many of the newest messages are looked at: a clock that was set again is soon believed."""

_QUICKEST = 0.1  # of the messages are quick; their slowest counts, so that one odd time does not


def clock_skew_s(fix_time: Integers, received_at: Integers) -> float | None:
    """Seconds by which the clock of one device runs ahead of ours, negative when it is behind.

    Arrays of shape ``(n,)`` in microseconds and any order; None when there is too little to tell.
    Fixes received in one moment were sent in one message, of which the newest counts.
    """
    if len(fix_time) == 0:
        return None
    moments, message = np.unique(received_at, return_inverse=True)
    newest = np.full(len(moments), np.iinfo(np.int64).min)
    np.maximum.at(newest, message, fix_time)
    lag = ((moments - newest) / MICROSECONDS)[-RECENT:]
    if len(lag) < ENOUGH:
        return None
    return -float(np.quantile(lag, _QUICKEST, method="lower"))
