"""Which fixes cannot be true: receivers that jump, clocks that mix up the order, cell towers.

Nothing is deleted, only marked. A jump is a step that no patrol can make: too fast, or faster
beside its neighbours than an engine and brakes allow. Jumps cut a track into runs; of all ways to
leave runs out the cheapest is taken, where leaving out costs a fix each and staying costs a jump.
So a fix or two elsewhere are left out, and a jump that lasts is kept: then nobody can say which
half is wrong, and nothing is hidden.
"""

from __future__ import annotations

import numpy as np

from domain.analysis_settings import AnalysisSettings
from domain.fleet import MICROSECONDS, Fleet, Floats, Integers, Marks, plane, starts

LONGEST_LIE = 5
"""So many fixes in a row may be left out between two that get along."""

_JUMP = 3.0  # what a jump that stays costs; a fix left out between two others costs one
_END = 2.5  # what a fix left out at an end costs: there only one neighbour speaks against it
_NEVER = float("inf")


def useless(fleet: Fleet, settings: AnalysisSettings) -> Marks:
    """Marks the fixes that may be anywhere by their own account, shape ``(n,)``."""
    return fleet.accuracy >= settings.useless_accuracy_m


def outliers(fleet: Fleet, settings: AnalysisSettings) -> Marks:
    """Marks the fixes where no patrol can have been, shape ``(n,)``."""
    marked = np.zeros(len(fleet), dtype=np.bool_)
    if len(fleet) < 3:
        return marked
    x, y = plane(fleet)
    jump = _jumps(fleet, x, y, settings)
    if not jump.any():
        return marked
    cut = jump | (np.diff(fleet.track) != 0)
    first = np.concatenate([[0], np.flatnonzero(cut) + 1])
    for run in _left_out(fleet, x, y, first, settings):
        end = first[run + 1] if run + 1 < len(first) else len(fleet)
        marked[first[run] : end] = True
    return marked


def _jumps(fleet: Fleet, x: Floats, y: Floats, settings: AnalysisSettings) -> Marks:
    """Which steps no patrol can make, shape ``(n - 1,)``."""
    same = np.diff(fleet.track) == 0
    # clocks of devices tell whole seconds, so two fixes are never nearer in time than one
    seconds = np.maximum(np.diff(fleet.fix_time) / MICROSECONDS, 1.0)
    metres = np.hypot(np.diff(x), np.diff(y))
    jump: Marks = same & (metres > settings.highest_speed * seconds)
    near = same & (metres > settings.jump_slack_m)
    if near.any():
        back_and_forth = _spikes(x, y, seconds, near, settings)
        jump[back_and_forth - 1] = jump[back_and_forth] = True
        speed = np.where(same, metres / seconds, np.inf)
        outer = np.concatenate([[np.inf], speed, [np.inf]])
        beside = np.minimum(outer[:-2], outer[2:])
        able = (beside + settings.highest_acceleration * seconds) * seconds
        jump |= near & (metres > able + settings.jump_slack_m)
    return jump


def _spikes(
    x: Floats, y: Floats, seconds: Floats, near: Marks, settings: AnalysisSettings
) -> Integers:
    """The fixes further off the way between their neighbours than any turn back can take one."""
    index = np.flatnonzero(near[:-1] & near[1:]) + 1
    before, after = seconds[index - 1], seconds[index]
    share = before / (before + after)
    east, north = x[index + 1] - x[index - 1], y[index + 1] - y[index - 1]
    off = np.hypot(x[index] - x[index - 1] - east * share, y[index] - y[index - 1] - north * share)
    passable = np.hypot(east, north) <= settings.highest_speed * (before + after)
    able = settings.highest_acceleration * before * after / 2 + settings.jump_slack_m
    around = np.zeros(len(x) + 1)
    around[index] = off
    # beside a single lie the truth seems half as far off; beside a pair of them as far
    furthest = off > 1.5 * np.maximum(around[index - 1], around[index + 1])
    return index[passable & (off > able) & furthest]


def _left_out(
    fleet: Fleet, x: Floats, y: Floats, first: Integers, settings: AnalysisSettings
) -> list[int]:
    """The numbers of the runs to leave out; ``first`` is where each run begins."""
    size = np.diff(np.append(first, len(fleet)))
    gone: list[int] = []
    bypass = _bypasses(fleet, x, y, first, size, settings)
    begin = starts(fleet.track[first])
    for start, end in zip(begin.tolist(), [*begin[1:].tolist(), len(first)], strict=True):
        if end - start > 1:
            kept = _cheapest(start, end, size.tolist(), bypass)
            gone += [run for run in range(start, end) if run not in kept]
    return gone


def _bypasses(
    fleet: Fleet,
    x: Floats,
    y: Floats,
    first: Integers,
    size: Integers,
    settings: AnalysisSettings,
) -> list[list[bool]]:
    """``[k][run]``: whether a patrol can come from the run that is ``k + 2`` before this one."""
    last = first + size - 1
    before = np.concatenate([[0], np.cumsum(size)])
    found = []
    for step in range(2, LONGEST_LIE + 2):
        able = np.zeros(len(first), dtype=np.bool_)
        a, b = last[:-step], first[step:]
        seconds = np.maximum((fleet.fix_time[b] - fleet.fix_time[a]) / MICROSECONDS, 1.0)
        near = np.hypot(x[b] - x[a], y[b] - y[a]) <= settings.highest_speed * seconds
        few = before[step:-1] - before[1:-step] <= LONGEST_LIE
        able[step:] = near & few & (fleet.track[a] == fleet.track[b])
        found.append(able.tolist())
    return found


def _cheapest(start: int, end: int, size: list[int], bypass: list[list[bool]]) -> set[int]:
    """The runs from ``start`` to ``end`` that stay when as little as possible is against it."""
    cost, came_from = {start: 0.0}, {start: start}
    for run in range(start + 1, end):
        cost[run], came_from[run] = cost[run - 1] + _JUMP, run - 1
        skipped = 0
        for back, able in enumerate(bypass, 2):
            if run - back < start:
                break
            skipped += size[run - back + 1]
            if able[run] and cost[run - back] + skipped < cost[run]:
                cost[run], came_from[run] = cost[run - back] + skipped, run - back
        if run == start + 1 and size[start] * _END < cost[run] and size[run] > 1:
            cost[run], came_from[run] = size[start] * _END, run
    run = end - 1
    if size[run] * _END < cost[run] - cost[run - 1] and size[run - 1] > 1:
        run -= 1
    kept = {run}
    while came_from[run] != run:
        run = came_from[run]
        kept.add(run)
    return kept
