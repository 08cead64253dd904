"""How a process that takes positions all day keeps the garbage collector from costing a quarter of
its time.

The collector looks for objects that hold on to each other; a position makes dozens that do not, and
by Python's own settings it would look again after every few of them, and through everything that is
there after every few thousand.
"""

from __future__ import annotations

import gc

YOUNG, MIDDLE, OLD = 50_000, 20, 50
"""Objects after which the youngest are looked through, and how often that has to happen before the
next older ones are, too. 50,000 small objects are some 10 MB."""


def settle() -> None:
    """Call once, when everything that the program itself consists of has been made: it is not
    looked through again, and what comes later is looked through in larger lots."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
