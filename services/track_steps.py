"""A file in steps: what is stored together, and the spells of time that it covers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice

from domain.reports import Unreadable
from services.ports import Filing
from services.track_reading import Point

_APART = 3_600_000_000  # microseconds


def steps(points: Iterator[Point], most: int) -> Iterator[tuple[Filing, list[Point]]]:
    """Up to ``most`` points of one unit at a time; a file that breaks off ends there: the person
    has been told when looking at it."""
    for filing, its in groupby(_until_broken(points), key=lambda point: point.filing):
        while chunk := list(islice(its, most)):
            yield filing, chunk


def spells(times: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last moment (microseconds) of what lies within an hour of each other: a file may
    hold walks that are years apart."""
    first = last = min(times)
    for moment in sorted(times):
        if moment - last > _APART:
            yield first, last
            first = moment
        last = moment
    yield first, last


def no_points(passed_over: Mapping[str, int]) -> str:
    """Why nothing can be imported of a file without a point of a track."""
    found = " and ".join(
        f"{number} {name.replace('_', ' ')}" for name, number in passed_over.items()
    )
    return f"has no track, but {found}: plans are no positions" if found else "has no points"


def _until_broken(points: Iterator[Point]) -> Iterator[Point]:
    try:
        yield from points
    except Unreadable:
        return
