"""How the benchmarks measure: in turns, so that what else the machine does falls on all alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence

RUNS = 5


def in_turns(works: Sequence[Callable[[], object]], runs: int = RUNS) -> list[list[float]]:
    """The seconds of each of ``works``, all of them run after one another ``runs`` times."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(runs):
        for work, seconds in zip(works, taken, strict=True):
            gc.collect()
            start = time.perf_counter()
            result = work()
            seconds.append(time.perf_counter() - start)
            del result
    return taken


def seconds_of(work: Callable[[], object]) -> tuple[float, float]:
    """How long one run takes by the clock, and how much of it this process had a processor.

    The second leaves out the waiting, for the disk and for whoever else is on the machine.
    """
    start, started = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - started


def ratio_and_noise(
    first: Sequence[float], second: Sequence[float]
) -> tuple[float, tuple[float, float]]:
    """The median of second over first pair by pair, and an interval that holds it 95 times in 100.

    The interval is that of the sign test: ranks among the sorted ratios, no distribution assumed.
    """
    ratios = sorted(b / a for a, b in zip(first, second, strict=True))
    count = len(ratios)
    low = max(int(count / 2 - 0.98 * count**0.5), 0)
    return statistics.median(ratios), (ratios[low], ratios[count - 1 - low])
