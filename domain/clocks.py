"""How far the clock of a device is off, told by when we heard what it says it measured when.

A message needs some time, sometimes much when there is no network, but never less than none. So of
many messages the quickest ones tell the clock: they took next to no time. A message that was
refused for its time tells it alone: nothing takes less than no time, and nothing takes years.
"""

from __future__ import annotations

import numpy as np

from domain.fleet import MICROSECONDS, Integers, Marks

ENOUGH = 5
"""Of fewer messages nothing is told."""

RECENT = 60
"""So many of the newest messages are looked at: a clock that was set again is soon believed."""

_QUICKEST = 0.1  # of the messages are quick; their slowest counts, so that one odd time does not


def clock_skew_s(
    fix_time: Integers, received_at: Integers, refused: Marks | None = None
) -> float | None:
    """Seconds by which the clock of one device runs ahead of ours, negative when it is behind.

    Arrays of shape ``(n,)`` in microseconds and any order; None when there is too little to tell.
    Fixes received in one moment were sent in one message, of which the newest counts. ``refused``
    marks those that are no fixes because their time cannot be; what came before the last change
    from or to such messages was told by the clock before it was set.
    """
    if len(fix_time) == 0:
        return None
    if refused is not None and refused.any():
        latest = _since_it_was_set(received_at, refused)
        enough = 1 if refused[np.argmax(received_at)] else ENOUGH
        fix_time, received_at = fix_time[latest], received_at[latest]
    else:
        enough = ENOUGH
    moments, message = np.unique(received_at, return_inverse=True)
    newest = np.full(len(moments), np.iinfo(np.int64).min)
    np.maximum.at(newest, message, fix_time)
    lag = ((moments - newest) / MICROSECONDS)[-RECENT:]
    if len(lag) < enough:
        return None
    return -float(np.quantile(lag, _QUICKEST, method="lower"))


def _since_it_was_set(received_at: Integers, refused: Marks) -> Marks:
    """Marks the messages after the last one that was judged otherwise than the newest is."""
    newest = refused[np.argmax(received_at)]
    others = received_at[refused != newest]
    latest: Marks = refused == newest
    return latest & (received_at > others.max()) if len(others) else latest
