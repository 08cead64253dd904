"""The chain of the system in the database: append-only, guarded by triggers of migration 0008."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from data.database import Database
from data.roster_digest import roster_digest
from data.schema import operations, system_events, tokens, users
from domain.chain import GENESIS, canonical, digest
from domain.system_contents import AccountFacts, SystemFacts
from domain.system_log import (
    GAVE_PASSWORD,
    NewSystemEvent,
    SystemEvent,
    secret_digest,
)
from domain.time import to_microseconds

_ITS = system_events.c


def append_system_events(connection: Connection, new: Sequence[NewSystemEvent]) -> None:
    """Record ``new`` behind what is there, in the caller's write transaction."""
    query = select(_ITS.seq, _ITS.recorded_at, _ITS.hash).order_by(_ITS.seq.desc()).limit(1)
    last = connection.execute(query).first()
    seq, recorded, previous = tuple(last) if last else (0, 0, GENESIS)
    rows = []
    for one in new:
        seq, recorded = seq + 1, max(recorded, to_microseconds(one.at))
        body = canonical(dict(one.body))
        event = SystemEvent(seq, one.event, one.subject, one.by, recorded, body, previous, "")
        previous = digest(event)
        rows.append(dict(zip(_ITS.keys(), event._replace(hash=previous), strict=True)))
    if rows:
        connection.execute(insert(system_events), rows)


class SystemLog:
    """Reads the chain of one database. Every method raises ``StoreUnavailable``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def chain(self, connection: Connection) -> list[SystemEvent]:
        """All of it, in order."""
        query = select(system_events).order_by(_ITS.seq)
        return [SystemEvent._make(row) for row in connection.execute(query)]

    def last(self, connection: Connection, event: str) -> SystemEvent | None:
        """The newest event of a kind, None where there is none."""
        query = select(system_events).where(_ITS.event == event).order_by(_ITS.seq.desc())
        row = connection.execute(query.limit(1)).first()
        return None if row is None else SystemEvent._make(row)

    def hands_on(self, name: str) -> frozenset[str]:
        """The other accounts that ``name`` could have acted as, see ``GAVE_PASSWORD``."""
        query = select(_ITS.subject).where(
            _ITS.done_by == name, _ITS.event.in_(GAVE_PASSWORD), _ITS.subject != name
        )
        with self._database.reading() as connection:
            return frozenset(connection.scalars(query))

    def append(self, connection: Connection, new: Sequence[NewSystemEvent]) -> None:
        """Record ``new`` behind what is there."""
        append_system_events(connection, new)

    def there(self, connection: Connection, recorded: SystemFacts) -> SystemFacts:
        """What there is of what the chain tells of: accounts, operations, and the roster over the
        columns that were ``recorded``."""
        accounts = {
            row.name: AccountFacts(
                row.role,
                bool(row.enabled),
                secret_digest(row.password_hash),
                must_change=bool(row.must_change),
            )
            for row in connection.execute(select(users))
        }
        valid = select(tokens.c.user, tokens.c.hash, tokens.c.expires_at)
        for user, token, expires in connection.execute(valid.where(tokens.c.revoked_at.is_(None))):
            if user in accounts:
                digest = secret_digest(token)
                accounts[user].tokens.add(digest)
                accounts[user].expires[digest] = expires
        opened = dict.fromkeys(connection.scalars(select(operations.c.id)), 0)
        return SystemFacts(
            accounts, opened, roster=roster_digest(connection, recorded.roster or None)
        )
