"""How often each open alert was raised, beside the log: one row an alert, gone when it is taken."""

from __future__ import annotations

import json

from sqlalchemy import Connection, delete, insert, select, update

from data.schema import alert_repeats
from domain.repeats import Repeats
from domain.time import from_microseconds, to_microseconds


def repeats_of(connection: Connection, operation: str) -> dict[str, Repeats]:
    """By alert, those of an operation that were raised again."""
    found = connection.execute(select(alert_repeats).where(alert_repeats.c.operation == operation))
    return {row.alert: _repeats(row.said, row.times, row.recorded_at) for row in found}


def keep_repeats(connection: Connection, operation: str, alert: str, repeats: Repeats) -> None:
    """Put these in the place of those before; in a transaction that writes alone."""
    its = (alert_repeats.c.operation == operation, alert_repeats.c.alert == alert)
    values = {
        "times": repeats.times,
        "recorded_at": to_microseconds(repeats.recorded_at),
        "said": json.dumps(repeats.summary()),
    }
    if connection.execute(update(alert_repeats).where(*its).values(values)).rowcount == 0:
        connection.execute(insert(alert_repeats).values(operation=operation, alert=alert, **values))


def forget_repeats(connection: Connection, operation: str, alert: str) -> None:
    """The log has all of them."""
    its = (alert_repeats.c.operation == operation, alert_repeats.c.alert == alert)
    connection.execute(delete(alert_repeats).where(*its))


def _repeats(said: str, times: int, recorded_at: int) -> Repeats:
    known = json.loads(said)
    return Repeats(
        times=times,
        last_at=known["last_at"],
        position=known.get("position"),
        words=tuple(known["words"]),
        uids=tuple(known.get("uids", ())),
        recorded_at=from_microseconds(recorded_at),
    )
