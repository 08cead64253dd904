"""Ends every session and revokes every token, and records it in the chain of the system."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from data.schema import sessions, tokens
from data.system_log import append_system_events
from domain.access.sessions import Ending
from domain.system_log import NewSystemEvent
from domain.time import to_microseconds


def end_all_access(
    connection: Connection, event: str, at: datetime, about: Mapping[str, Any]
) -> tuple[int, int]:
    """End all sessions and tokens in the caller's write transaction; how many of each there were.

    ``event`` is recorded of the whole database, with ``about`` and both counts, and before it
    ``tokens_revoked`` of every account that had a token. Accounts, passwords and the keys of
    devices stay as they are.
    """
    moment = to_microseconds(at)
    holders = select(tokens.c.user).where(tokens.c.revoked_at.is_(None)).distinct()
    names = sorted(connection.scalars(holders))
    revoked = connection.execute(
        update(tokens).where(tokens.c.revoked_at.is_(None)).values(revoked_at=moment)
    ).rowcount
    ended = connection.execute(
        update(sessions)
        .where(sessions.c.ended_at.is_(None))
        .values(ended_at=moment, ended_because=Ending.BY_OTHERS)
    ).rowcount
    whole = NewSystemEvent(
        event, "(database)", at, None, {**about, "sessions_ended": ended, "tokens_revoked": revoked}
    )
    told = [NewSystemEvent("tokens_revoked", name, at) for name in names]
    append_system_events(connection, [*told, whole])
    return ended, revoked
