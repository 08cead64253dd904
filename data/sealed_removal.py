"""Taking fixes away for good, with what that changes of the seals, in one transaction."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from data.fix_chunks_packing import remove
from data.fix_rows import Key
from data.fix_spans import fixes_in
from data.late_fixes import count_removal, forget_late, late_keys
from data.position_digests import contents, without
from data.position_seals import sealed_spans
from data.record_seals import append_seal
from domain.seals import NOTHING, POSITIONS_TAKEN_AWAY, Span


def remove_sealed(connection: Connection, keys: Sequence[Key], now: datetime) -> int:
    """Take the fixes of these keys away; how many there were. Where they were sealed, the chain of
    the operation says what there was before, measured now, and what is left."""
    changes: dict[str, list[dict[str, Any]]] = {}
    for (operation, unit), its in _by_unit(keys).items():
        for span in _touched(connection, operation, its):
            change = _change(connection, operation, unit, span, its)
            if change["before"] != change["after"]:
                changes.setdefault(operation, []).append(change)
    removed = remove(connection, keys)
    forget_late(connection, keys)
    count_removal(connection)
    for operation, those in changes.items():
        append_seal(connection, operation, POSITIONS_TAKEN_AWAY, {"changes": those}, now)
    return removed


def _by_unit(keys: Sequence[Key]) -> dict[tuple[str, str], set[tuple[int, str]]]:
    found: dict[tuple[str, str], set[tuple[int, str]]] = {}
    for operation, unit, fix_time, device in keys:
        found.setdefault((operation, unit), set()).add((fix_time, device))
    return found


def _touched(
    connection: Connection, operation: str, its: Collection[tuple[int, str]]
) -> list[Span]:
    """The sealed spans that hold any of these times."""
    times = sorted(time for time, _ in its)
    spans = sealed_spans(connection, operation, times[0], times[-1] + 1)
    return [span for span in spans if bisect_left(times, span[0]) < bisect_left(times, span[1])]


def _change(
    connection: Connection, operation: str, unit: str, span: Span, gone: Collection[tuple[int, str]]
) -> dict[str, Any]:
    before = after = NOTHING
    fixes = fixes_in(connection, operation, unit, *span)
    if fixes is not None:
        sealed = without(fixes, late_keys(connection, operation, unit, *span))
        before = dict(contents(sealed, [span])).get(span, NOTHING)
        after = dict(contents(without(sealed, gone), [span])).get(span, NOTHING)
    return {"unit": unit, "from": span[0], "until": span[1], "before": before, "after": after}
