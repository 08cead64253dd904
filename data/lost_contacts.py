"""When the device of a position was lost after it: last wills among the signs of life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from data.fix_chunks_queries import FOREVER
from domain.fixes import CONNECTION_LOST
from domain.stored_fixes import StoredFix
from domain.time import from_microseconds, to_microseconds

_MARK = {"sqlite": "?", "postgresql": "%s"}
_SAID = f'%"{CONNECTION_LOST}":true%'


def with_lost_contacts(
    connection: Connection, newest: Sequence[StoredFix], until: int = FOREVER
) -> list[StoredFix]:
    """The same fixes, each with when its device was lost after it was received, if it was.

    ``until`` in microseconds: what was known later is left out.
    """
    if not newest:
        return []
    mark = _MARK[connection.dialect.name]
    asked = ", ".join([f"({mark}, {mark})"] * len(newest))
    # one short descent a device, however many signs of life there are
    query = f"""
        SELECT (SELECT max(h.received_at) FROM heartbeats h
                WHERE h.device = asked.column1 AND h.received_at >= asked.column2
                AND h.received_at <= {mark} AND h.attributes LIKE {mark}),
               asked.column1, asked.column2
        FROM (VALUES {asked}) AS asked
    """  # noqa: S608 - of marks alone
    values: list[int | str] = [until, _SAID]
    for fix in newest:
        values += [fix.fix.device, to_microseconds(fix.received_at)]
    found = {
        (device, since): lost
        for lost, device, since in connection.exec_driver_sql(query, tuple(values))
        if lost is not None
    }
    if not found:
        return list(newest)
    return [_marked(fix, found) for fix in newest]


def _marked(fix: StoredFix, found: dict[tuple[str, int], int]) -> StoredFix:
    lost = found.get((fix.fix.device, to_microseconds(fix.received_at)))
    return fix if lost is None else replace(fix, contact_lost=from_microseconds(lost))
