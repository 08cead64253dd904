"""What decoders and those who use them have in common: reports in pieces, and how to refuse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from domain.fixes import SEGMENT, Fix, Report

LONGEST_DEVICE_ID = 80


class Unreadable(Exception):
    """Nothing can be read of the message: ``field`` is where, ``detail`` an English sentence."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.detail = detail


class TooMuch(Unreadable):
    """There is more in the file than one may have, so nothing of it is taken. ``budget`` is what
    ran out (``domain.errors.TooCostly``), and ``most`` how many of them there may be."""

    def __init__(self, budget: str, detail: str, most: int) -> None:
        super().__init__("file", detail)
        self.budget = budget
        self.most = most


@dataclass(frozen=True, slots=True)
class Track:
    """A track on its way into a file: ``name`` is the unit's call sign, each segment its fixes
    without a gap."""

    name: str
    segments: Sequence[Sequence[Fix]]


def device_id(value: object) -> str | None:
    """A device's name as text: 1 to 80 printable characters; ``None`` for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**18:
        value = str(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    return text if 0 < len(text) <= LONGEST_DEVICE_ID and text.isprintable() else None


def numbered(parts: Iterable[Sequence[Report]]) -> Iterator[Report]:
    """Reports one by one, each with the number of its list as an attribute, so that the gap between
    two lists stays one. What was exported here says itself whether it has a number."""
    for number, part in enumerate(parts):
        for one in part:
            kept = {SEGMENT: number, **one.attributes}
            if kept[SEGMENT] is None:
                del kept[SEGMENT]
            yield replace(one, attributes=kept)


def too_many_refused(most: int, detail: str, where: str) -> str:
    """Why a file with so many points that are none is not taken, with one of them as an example."""
    example = detail if not where or detail.startswith(where) else f"{where}: {detail}"
    return f"has more than {most:,} points that would be refused, such as {example}"
