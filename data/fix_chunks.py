"""A chunk: fixes of one unit that lie together in time, kept as columns in one row.

``places`` holds what a drawn track needs and ``readings`` the rest, so that state at a time reads
little. What comes out is what went in, to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.fix_chunks_coding import (
    Floats,
    Integers,
    decode_floats,
    decode_integers,
    different_texts,
    encode_floats,
    encode_integers,
    encode_texts,
    float_at,
    integer_at,
    join,
    parts,
    text_at,
    which_text,
)
from data.fix_rows import MEASURED, Row, Values, segment_of
from domain.stored_fixes import FixColumns

FULL = 8192
"""A chunk holds no more fixes than this: what one turn of packing has to write anew at most."""

Texts = NDArray[np.object_]
Chosen = slice | NDArray[Any]


@dataclass(frozen=True, slots=True)
class ChunkFixes:
    """``n`` fixes of one unit as arrays of shape ``(n,)``, by fix time and then device.

    Times in microseconds since 1970; what was measured as in ``domain.fixes.Fix`` with NaN for
    None; ``attributes`` the JSON texts of the rows.
    """

    fix_time: Integers
    device: Texts
    received_at: Integers
    latitude: Floats
    longitude: Floats
    speed: Floats
    course: Floats
    altitude: Floats
    accuracy: Floats
    battery: Floats
    attributes: Texts

    def __len__(self) -> int:
        return len(self.fix_time)

    def take(self, chosen: Chosen) -> ChunkFixes:
        """The chosen fixes."""
        return ChunkFixes(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def values(self, operation: str, unit: str) -> list[Values]:
        """The fixes as the rows of ``fixes`` that they were."""
        times = self.fix_time.tolist(), self.device.tolist(), self.received_at.tolist()
        measured = (
            [None if math.isnan(value) else value for value in getattr(self, name).tolist()]
            for name in MEASURED
        )
        every = zip(*times, *measured, self.attributes.tolist(), strict=True)
        return [(operation, unit, *one) for one in every]

    def columns(self, unit: str) -> FixColumns:
        """The fixes as the domain has them."""
        return FixColumns(
            unit=np.full(len(self), unit, dtype=object),
            device=self.device,
            fix_time=self.fix_time,
            received_at=self.received_at,
            segment=_segments(self.attributes),
            **{name: getattr(self, name) for name in MEASURED},
        )


def fixes_of(rows: Sequence[Sequence[Any]]) -> ChunkFixes:
    """Fixes from at least one row, each with its values in the order of ``ChunkFixes``."""
    fix_time, device, received_at, *measured, attributes = zip(*rows, strict=True)
    numbers = [np.array(values, dtype=np.float64) for values in measured]
    return ChunkFixes(
        fix_time=np.array(fix_time, dtype=np.int64),
        device=np.array(device, dtype=object),
        received_at=np.array(received_at, dtype=np.int64),
        attributes=np.array(attributes, dtype=object),
        **dict(zip(MEASURED, numbers, strict=True)),
    )


def merged(some: ChunkFixes, others: ChunkFixes) -> ChunkFixes:
    """The fixes of both in order."""
    every = ChunkFixes(
        *(
            np.concatenate([getattr(some, field.name), getattr(others, field.name)])
            for field in fields(ChunkFixes)
        )
    )
    if len(some) and len(others) and some.fix_time[-1] < others.fix_time[0]:
        return every
    _, device = np.unique(every.device, return_inverse=True)
    return every.take(np.lexsort((device, every.fix_time)))


def split(every: ChunkFixes, full: int) -> Iterator[ChunkFixes]:
    """Pieces of at most ``full`` fixes; those of one moment stay together, however many."""
    begin = 0
    while len(every) - begin > full:
        end = int(np.searchsorted(every.fix_time, every.fix_time[begin + full]))
        if end == begin:
            end = int(np.searchsorted(every.fix_time, every.fix_time[begin], side="right"))
        yield every.take(slice(begin, end))
        begin = end
    if begin < len(every):
        yield every.take(slice(begin, None))


# --- to and from the columns of the table --------------------------------------------------------


def chunk_row(operation: str, unit: str, fixes: ChunkFixes) -> dict[str, Any]:
    """The row of ``fix_chunks`` for at least one fix."""
    places = (
        encode_integers(fixes.fix_time),
        encode_floats(fixes.latitude),
        encode_floats(fixes.longitude),
        encode_texts(fixes.device.tolist()),
        encode_integers(_segments(fixes.attributes)),
        encode_integers(fixes.received_at - fixes.fix_time),
    )
    readings = (
        *(encode_floats(getattr(fixes, name)) for name in MEASURED[2:]),
        encode_texts(fixes.attributes.tolist()),
    )
    return {
        "operation": operation,
        "unit": unit,
        "start": int(fixes.fix_time[0]),
        "last_time": int(fixes.fix_time[-1]),
        "first_received": int(fixes.received_at.min()),
        "fixes": len(fixes),
        "places": join(places),
        "readings": join(readings),
    }


class Places:
    """The ``places`` of a chunk; each column is decoded when it is asked for first."""

    def __init__(self, coded: bytes, count: int) -> None:
        self._parts = parts(coded)
        self.count = count

    @cached_property
    def fix_time(self) -> Integers:
        """Microseconds since 1970, ascending."""
        return decode_integers(self._parts[0], self.count)

    @cached_property
    def latitude(self) -> Floats:
        """Degrees."""
        return decode_floats(self._parts[1], self.count)

    @cached_property
    def longitude(self) -> Floats:
        """Degrees."""
        return decode_floats(self._parts[2], self.count)

    @cached_property
    def devices(self) -> list[str]:
        """The names of the devices."""
        return [name or "" for name in different_texts(self._parts[3])]

    @cached_property
    def which(self) -> Integers:
        """Of each fix which of the devices."""
        return which_text(self._parts[3], self.count)

    @cached_property
    def segment(self) -> Integers:
        """As in ``FixColumns``."""
        return decode_integers(self._parts[4], self.count)

    @cached_property
    def received_at(self) -> Integers:
        """Microseconds since 1970."""
        return decode_integers(self._parts[5], self.count) + self.fix_time

    def row(self, operation: str, unit: str, readings: bytes, index: int) -> dict[str, Any]:
        """One fix as the row of ``fixes`` that it was; of the readings no others are decoded."""
        *measured, attributes = parts(readings)
        names, fix_time = self.devices, int(self.fix_time[index])
        row = {
            "operation": operation,
            "unit": unit,
            "fix_time": fix_time,
            "device": names[0] if len(names) == 1 else names[self.which[index]],
            "received_at": integer_at(self._parts[5], index) + fix_time,
            "attributes": text_at(attributes, index),
            "latitude": float(self.latitude[index]),
            "longitude": float(self.longitude[index]),
        }
        for name, coded in zip(MEASURED[2:], measured, strict=True):
            row[name] = float_at(coded, self.count, index)
        return row


def chunk_fixes(row: Row) -> ChunkFixes:
    """Every fix of a whole row of ``fix_chunks``."""
    count = row["fixes"]
    places = Places(row["places"], count)
    *measured, attributes = parts(row["readings"])
    numbers = [decode_floats(coded, count) for coded in measured]
    return ChunkFixes(
        fix_time=places.fix_time,
        device=_texts(places.devices, places.which),
        received_at=places.received_at,
        attributes=_texts(different_texts(attributes), which_text(attributes, count)),
        **dict(zip(MEASURED, (places.latitude, places.longitude, *numbers), strict=True)),
    )


def accuracy_of(readings: bytes, count: int) -> Floats:
    """The accuracy of each of the ``count`` fixes of a chunk, without the other readings."""
    return decode_floats(parts(readings)[MEASURED.index("accuracy") - 2], count)


def _texts(different: Sequence[str | None], which: Integers) -> Texts:
    return np.array(different, dtype=object)[which]


def _segments(attributes: Texts) -> Integers:
    known: dict[str | None, int] = {}
    number: Callable[[str | None], int] = known.__getitem__
    for text in set(attributes.tolist()):
        known[text] = segment_of(text)
    return np.fromiter(map(number, attributes.tolist()), dtype=np.int64, count=len(attributes))
