"""Seals of stored positions: which spans there are, what they hold, and the events that say so.

Sealing takes three steps, so that a feed never waits while many positions are read: a span is
reserved, from then on writers note what comes into it (``data.late_fixes``); it is measured in a
view of its own; and the event is added where nothing was taken away meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from data.fix_chunks_packing import HOUR
from data.fix_rows import Key
from data.fix_spans import fixes_from, fixes_in, hours_with_fixes, newest_before, units_with_fixes
from data.late_fixes import forget_late, late_keys, removals
from data.position_digests import contents, without
from data.record_seals import append_seal
from data.schema import late_fixes, seal_segments
from domain.seals import (
    BEGINNING,
    NOTHING,
    POSITIONS_CAME_LATE,
    POSITIONS_SEALED,
    Content,
    Span,
    Stored,
)

AT_ONCE = 24
"""Hours that one step seals at most, from the first with positions on."""

_TOGETHER = 48  # spans whose positions are held in memory together
_SEGMENT = seal_segments.c
_LATE = late_fixes.c


@dataclass(frozen=True, slots=True)
class Measured:
    """What a step has read: the record of the event to be, and what it depends on."""

    operation: str
    event: str
    record: dict[str, Any]
    spans: tuple[Span, ...]
    late: tuple[Key, ...]
    removals: int


class PositionSeals:
    """Every method runs inside the caller's transaction."""

    def reserve(
        self, connection: Connection, operation: str, until: int, *, to_newest: bool = False
    ) -> bool:
        """Reserve the next spans up to ``until``, microseconds, if there are positions in them;
        whether anything waits to be measured. ``to_newest``: not beyond the newest position, so
        that those to come are not late."""
        if self._reserved(connection, operation):
            return True
        if to_newest:
            newest = newest_before(connection, operation, until)
            until = until if newest is None else newest + 1
        last = connection.scalar(
            select(func.max(_SEGMENT.ends_at)).where(_SEGMENT.operation == operation)
        )
        begin = BEGINNING if last is None else int(last)
        hours = hours_with_fixes(connection, operation, begin, until, AT_ONCE)
        spans = list(_spans(begin, until, hours))
        rows = [
            {"operation": operation, "starts_at": start, "ends_at": end, "sealed": False}
            for start, end in spans
        ]
        if rows:
            connection.execute(insert(seal_segments), rows)
        return bool(rows)

    def measure(self, connection: Connection, operation: str) -> Measured | None:
        """What the reserved spans hold."""
        spans = self._reserved(connection, operation)
        if not spans:
            return None
        units: dict[int, dict[str, Content]] = {start: {} for start, _ in spans}
        for unit in units_with_fixes(connection, operation):
            for (start, _), content in _held(connection, operation, unit, spans):
                units[start][unit] = content
        segments = [{"from": start, "until": end, "units": units[start]} for start, end in spans]
        record = {"segments": segments}
        number = removals(connection)
        return Measured(operation, POSITIONS_SEALED, record, tuple(spans), (), number)

    def measure_late(self, connection: Connection, operation: str) -> Measured | None:
        """What came late into sealed spans of one unit, with what these held before."""
        found = connection.execute(
            select(_LATE.unit, func.min(_LATE.fix_time), func.max(_LATE.fix_time))
            .where(_LATE.operation == operation)
            .group_by(_LATE.unit)
        ).all()
        for unit, first, last in found:
            spans = sealed_spans(connection, operation, first, last + 1)
            changes, keys = [], []
            for start, end in spans:
                late = late_keys(connection, operation, unit, start, end)
                if late:
                    keys += [(operation, unit, *key) for key in late]
                    changes.append(_came_late(connection, operation, unit, (start, end), late))
            if changes:
                record = {"changes": changes}
                number = removals(connection)
                return Measured(operation, POSITIONS_CAME_LATE, record, (), tuple(keys), number)
        return None

    def seal(self, connection: Connection, measured: Measured, now: datetime) -> bool:
        """Add the event; False where something was taken away or sealed since it was measured."""
        reserved = self._reserved(connection, measured.operation)
        if measured.removals != removals(connection):
            return False
        if measured.spans and list(measured.spans) != reserved:
            return False
        if measured.late and not _still_noted(connection, measured.late):
            return False
        append_seal(connection, measured.operation, measured.event, measured.record, now)
        forget_late(connection, measured.late)
        if measured.spans:
            its = _SEGMENT.operation == measured.operation
            connection.execute(update(seal_segments).where(its).values(sealed=True))
        return True

    def stored(self, connection: Connection, operation: str, spans: Sequence[Span]) -> Stored:
        """The positions that there are, by the spans of the chain."""
        found = Stored()
        until = spans[-1][1] if spans else BEGINNING
        for unit in units_with_fixes(connection, operation):
            for span, content in _held(connection, operation, unit, spans):
                found.contents[unit, span[0]] = content
        late = select(func.count()).select_from(late_fixes)
        its = _LATE.operation == operation
        found.late = connection.scalar(late.where(its, _LATE.fix_time < until)) or 0
        found.open = fixes_from(connection, operation, until)
        return found

    def _reserved(self, connection: Connection, operation: str) -> list[Span]:
        return _rows(connection, operation, _SEGMENT.sealed.is_(False))


def sealed_spans(connection: Connection, operation: str, begin: int, end: int) -> list[Span]:
    """The spans that are sealed and reach into that from ``begin`` to before ``end``."""
    return _rows(
        connection, operation, _SEGMENT.sealed, _SEGMENT.starts_at < end, _SEGMENT.ends_at > begin
    )


def content_of(
    connection: Connection, operation: str, unit: str, span: Span, left_out: Sequence[Any]
) -> Content:
    """What a unit has in a span, without the fixes of some times and devices."""
    fixes = fixes_in(connection, operation, unit, *span)
    kept = None if fixes is None else without(fixes, left_out)
    return NOTHING if kept is None else dict(contents(kept, [span])).get(span, NOTHING)


def _rows(connection: Connection, operation: str, *conditions: Any) -> list[Span]:
    query = select(_SEGMENT.starts_at, _SEGMENT.ends_at).where(
        _SEGMENT.operation == operation, *conditions
    )
    return [(start, end) for start, end in connection.execute(query.order_by(_SEGMENT.starts_at))]


def _spans(begin: int, until: int, hours: Sequence[int]) -> Iterator[Span]:
    """Hours with positions, cut off at both ends, and what is between them as one span each."""
    for hour in hours:
        start, end = max(hour, begin), min(hour + HOUR, until)
        if end <= start:
            continue
        if start > begin:
            yield begin, start
        yield start, end
        begin = end


def _held(
    connection: Connection, operation: str, unit: str, spans: Sequence[Span]
) -> Iterator[tuple[Span, Content]]:
    for at in range(0, len(spans), _TOGETHER):
        some = spans[at : at + _TOGETHER]
        begin, end = some[0][0], some[-1][1]
        fixes = fixes_in(connection, operation, unit, begin, end)
        if fixes is not None:
            late = late_keys(connection, operation, unit, begin, end)
            yield from contents(without(fixes, late), some)


def _came_late(
    connection: Connection, operation: str, unit: str, span: Span, late: Sequence[Any]
) -> dict[str, Any]:
    return {
        "unit": unit,
        "from": span[0],
        "until": span[1],
        "before": content_of(connection, operation, unit, span, late),
        "after": content_of(connection, operation, unit, span, ()),
    }


def _still_noted(connection: Connection, keys: Sequence[Key]) -> bool:
    operation, unit = keys[0][:2]
    times = [key[2] for key in keys]
    there = set(late_keys(connection, operation, unit, min(times), max(times) + 1))
    return all(key[2:] in there for key in keys)
