"""Track files that are looked at, and which fixes each import has stored.

The keys of those fixes are kept packed, so undoing an import depends on nothing but the key of a
fix: not on where and how the fix is kept by then.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from data.record_seals import seal_import
from data.schema import import_parts, imports
from domain.errors import NotFound, VersionConflict
from domain.time import from_microseconds, to_microseconds
from domain.track_imports import (
    MOST_PREVIEWS,
    PREVIEW_KEPT,
    STALLED_AFTER,
    ImportStatus,
    NewImport,
    TrackImport,
)

_FACTS = [column for column in imports.c if column.name != "data"]
_TIMES = ("uploaded_at", "touched_at", "received_at", "undone_at")


def _now() -> datetime:
    return datetime.now(UTC)


class ImportStore:
    """Every method runs inside the caller's transaction.

    Each state that an import comes into gets a digest in the chain of its operation.
    """

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self._clock = clock

    def add(self, connection: Connection, new: NewImport) -> int:
        """Keep a file that is to be looked at; lets go of those that have waited too long, and of
        the person's oldest where there are too many. Returns the number."""
        waiting = imports.c.status == ImportStatus.PREVIEWED
        too_old = to_microseconds(new.uploaded_at - PREVIEW_KEPT)
        connection.execute(delete(imports).where(waiting, imports.c.touched_at < too_old))
        own = select(imports.c.id).where(waiting, imports.c.uploaded_by == new.uploaded_by)
        kept = connection.scalars(own.order_by(imports.c.id.desc())).all()[: MOST_PREVIEWS - 1]
        connection.execute(
            delete(imports).where(
                waiting, imports.c.uploaded_by == new.uploaded_by, imports.c.id.not_in(kept)
            )
        )
        at = to_microseconds(new.uploaded_at)
        row = {
            "operation": new.operation,
            "file_name": new.file_name,
            "source": new.source,
            "device": new.device,
            "unit": new.unit,
            "anywhere": new.anywhere,
            "utc": new.utc,
            "size": len(new.data),
            "sha256": hashlib.sha256(new.data).hexdigest(),
            "status": ImportStatus.PREVIEWED.value,
            "uploaded_by": new.uploaded_by,
            "uploaded_role": new.uploaded_role,
            "uploaded_at": at,
            "touched_at": at,
            "done": 0,
            "counts": "{}",
            "data": new.data,
        }
        key = connection.execute(insert(imports).values(row)).inserted_primary_key
        assert key is not None
        return int(key[0])

    def find(self, connection: Connection, operation: str, number: int) -> TrackImport:
        """One import; raises ``NotFound``."""
        query = select(*_FACTS).where(imports.c.operation == operation, imports.c.id == number)
        row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFound("there is no such import: a file waits one hour to be stored")
        return _import(row)

    def data(self, connection: Connection, number: int) -> bytes:
        """The bytes of a file; raises ``NotFound`` once they were let go."""
        found = connection.execute(select(imports.c.data).where(imports.c.id == number)).scalar()
        if found is None:
            raise NotFound("the file is not kept any more")
        return bytes(found)

    def listing(self, connection: Connection, operation: str, most: int) -> list[TrackImport]:
        """The newest imports of an operation."""
        query = select(*_FACTS).where(imports.c.operation == operation)
        rows = connection.execute(query.order_by(imports.c.id.desc()).limit(most)).mappings()
        return [_import(row) for row in rows]

    def discard(self, connection: Connection, number: int) -> None:
        """Let go of a file that was only looked at; raises ``VersionConflict`` for any other."""
        waiting = imports.c.status == ImportStatus.PREVIEWED
        query = delete(imports).where(imports.c.id == number, waiting)
        if connection.execute(query).rowcount != 1:
            raise VersionConflict(
                "only a file that was not stored yet is discarded: undo an import instead"
            )

    def claim(self, connection: Connection, number: int, now: datetime) -> None:
        """Begin, or go on, storing; raises ``VersionConflict`` where somebody else does."""
        stalled = to_microseconds(now - STALLED_AFTER)
        free = imports.c.status.in_([ImportStatus.PREVIEWED, ImportStatus.INTERRUPTED]) | (
            (imports.c.status == ImportStatus.STORING) & (imports.c.touched_at < stalled)
        )
        at = to_microseconds(now)
        values = {
            "status": ImportStatus.STORING.value,
            "touched_at": at,
            "received_at": func.coalesce(imports.c.received_at, at),
        }
        self._change(connection, number, free, values)
        seal_import(connection, number, now)

    def advance(
        self,
        connection: Connection,
        number: int,
        step: tuple[int, int],
        counts: Mapping[str, Any],
        keys: Mapping[tuple[str, str, str], Sequence[int]],
        now: datetime,
    ) -> None:
        """``step`` is from and to which point of the file was stored; ``keys`` has the fix times of
        what was new, by operation, unit and device. Raises ``VersionConflict`` where another worker
        has stored that step."""
        free = (imports.c.status == ImportStatus.STORING) & (imports.c.done == step[0])
        values = {
            "done": step[1],
            "touched_at": to_microseconds(now),
            "counts": json.dumps(counts),
        }
        self._change(connection, number, free, values)
        rows = [
            {
                "import_id": number,
                "part": step[0],
                "operation": operation,
                "unit": unit,
                "device": device,
                "fixes": len(times),
                "times": _packed(times),
            }
            for (operation, unit, device), times in keys.items()
        ]
        if rows:
            connection.execute(insert(import_parts), rows)

    def settle(self, connection: Connection, number: int, status: ImportStatus) -> None:
        """The import was stored to its end, or broken off."""
        values: dict[str, Any] = {"status": status.value}
        if status == ImportStatus.STORED:
            values["data"] = None
        self._change(connection, number, imports.c.status == ImportStatus.STORING, values)
        seal_import(connection, number, self._clock())

    def keys(
        self, connection: Connection, number: int
    ) -> Iterator[tuple[str, str, list[tuple[str, str, int, str]]]]:
        """The keys of what an import has stored, part by part, with operation and unit."""
        query = select(import_parts).where(import_parts.c.import_id == number)
        for row in connection.execute(query).mappings().all():
            place = row["operation"], row["unit"]
            yield *place, [(*place, at, row["device"]) for at in _unpacked(row["times"])]

    def undone(
        self,
        connection: Connection,
        number: int,
        by: str,
        reason: str,
        removed: int,
        now: datetime,
    ) -> None:
        """It was undone, its keys are let go; raises ``VersionConflict`` the second time."""
        values = {
            "status": ImportStatus.UNDONE.value,
            "undone_by": by,
            "undone_at": to_microseconds(now),
            "undone_reason": reason,
            "removed": removed,
            "data": None,
        }
        self._change(connection, number, imports.c.status != ImportStatus.UNDONE, values)
        connection.execute(delete(import_parts).where(import_parts.c.import_id == number))
        seal_import(connection, number, now)

    def _change(
        self, connection: Connection, number: int, only_if: Any, values: Mapping[str, Any]
    ) -> None:
        query = update(imports).where(imports.c.id == number, only_if).values(**values)
        if connection.execute(query).rowcount != 1:
            raise VersionConflict("somebody else has this import in hand: load the list again")


def _import(row: RowMapping) -> TrackImport:
    facts: dict[str, Any] = dict(row)
    for name in _TIMES:
        facts[name] = None if facts[name] is None else from_microseconds(facts[name])
    facts["status"] = ImportStatus(facts["status"])
    facts["counts"] = json.loads(facts["counts"])
    return TrackImport(**facts)


def _packed(times: Sequence[int]) -> bytes:
    """Whole microseconds, as the compressed steps from one to the next."""
    steps = np.diff(np.array(times, dtype=np.int64), prepend=0)
    return zlib.compress(steps.astype("<i8").tobytes())


def _unpacked(packed: bytes) -> list[int]:
    steps = np.frombuffer(zlib.decompress(bytes(packed)), dtype="<i8")
    times: list[int] = np.cumsum(steps).tolist()
    return times
