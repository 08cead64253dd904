"""Sessions and bearer tokens in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from data.database import Database
from data.schema import sessions, tokens, users
from data.system_log import append_system_events
from domain.access.accounts import Account
from domain.access.sessions import Ending, KeptSession, KeptToken
from domain.system_log import NewSystemEvent, secret_digest
from domain.time import from_microseconds, to_microseconds

ID_LENGTH = 16
"""So much of a digest names a session or a token, and opens nothing."""

ACCOUNT = tuple(users.c)
_SESSION = (
    *ACCOUNT,
    sessions.c.id,
    sessions.c.created_at.label("opened_at"),
    sessions.c.used_at,
    sessions.c.expires_at,
    sessions.c.ended_at,
    sessions.c.ended_because,
    sessions.c.address,
    sessions.c.device,
)
_TOKEN = (
    *ACCOUNT,
    tokens.c.hash,
    tokens.c.note,
    tokens.c.created_at.label("issued_at"),
    tokens.c.expires_at,
    tokens.c.used_at,
    tokens.c.revoked_at,
    tokens.c.issued_by,
)


class SqlCredentials:
    """All methods raise ``StoreUnavailable`` when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- sessions ------------------------------------------------------------------------------

    def open_session(self, digest: str, session: KeptSession) -> None:
        """Keep a session."""
        with self._database.writing() as connection:
            connection.execute(
                sessions.insert().values(
                    id=digest,
                    user=session.account.name,
                    created_at=to_microseconds(session.opened_at),
                    used_at=to_microseconds(session.used_at),
                    expires_at=to_microseconds(session.expires_at),
                    address=session.address,
                    device=session.device,
                )
            )

    def session(self, digest: str) -> KeptSession | None:
        """A session with its account as it is now, also one that is over."""
        query = select(*_SESSION).where(sessions.c.user == users.c.name, sessions.c.id == digest)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else _session(row)

    def sessions(self, name: str, now: datetime) -> Sequence[KeptSession]:
        """The sessions of an account that have neither been ended nor reached their end, the
        newest first."""
        query = (
            select(*_SESSION)
            .where(sessions.c.user == users.c.name, users.c.name == name, *_open(now))
            .order_by(sessions.c.created_at.desc())
        )
        with self._database.reading() as connection:
            return [_session(row) for row in connection.execute(query)]

    def note_use(self, digest: str, now: datetime, every: timedelta) -> None:
        """Write down that a session is in use, unless that was done within ``every``."""
        before = to_microseconds(now - every)
        with self._database.writing() as connection:
            connection.execute(
                update(sessions)
                .where(
                    sessions.c.id == digest,
                    sessions.c.ended_at.is_(None),
                    func.coalesce(sessions.c.used_at, sessions.c.created_at) <= before,
                )
                .values(used_at=to_microseconds(now))
            )

    def end_session(self, digest: str, at: datetime, because: Ending) -> None:
        """End one session."""
        with self._database.writing() as connection:
            _end(connection, at, because, sessions.c.id == digest)

    def end_sessions(
        self,
        told: NewSystemEvent,
        because: Ending,
        *,
        only: str | None = None,
        but: str | None = None,
    ) -> int:
        """End the sessions of the account ``told.subject``: ``only`` that of one id, or all ``but``
        that of one digest. Recorded when there were any; how many there were."""
        its = [sessions.c.user == told.subject]
        if only is not None:
            its.append(sessions.c.id.startswith(only, autoescape=True))
        if but is not None:
            its.append(sessions.c.id != but)
        with self._database.writing() as connection:
            count = _end(connection, told.at, because, *its, *_open(told.at))
            if count:
                append_system_events(connection, [told])
        return count

    # --- tokens --------------------------------------------------------------------------------

    def add_token(self, digest: str, token: KeptToken, told: NewSystemEvent) -> bool:
        """Keep a bearer token and record it; one that is there already stays as it is, and nothing
        is recorded."""
        values = {
            "hash": digest,
            "user": token.account.name,
            "note": token.purpose,
            "created_at": to_microseconds(token.issued_at),
            "expires_at": _microseconds(token.expires_at),
            "issued_by": token.issued_by,
        }
        return self._insert_if_new(tokens, values, told)

    def token(self, digest: str) -> KeptToken | None:
        """A token with its account as it is now, also one that opens nothing any more."""
        found = self._tokens(tokens.c.hash == digest)
        return found[0] if found else None

    def tokens(self, name: str | None = None) -> Sequence[KeptToken]:
        """Every token, or those of one account, in the order in which they were issued."""
        return self._tokens(*([] if name is None else [tokens.c.user == name]))

    def note_token_use(self, digest: str, now: datetime, every: timedelta) -> None:
        """Write down that a token is in use, unless that was done within ``every``."""
        before = to_microseconds(now - every)
        unused = or_(tokens.c.used_at.is_(None), tokens.c.used_at <= before)
        with self._database.writing() as connection:
            connection.execute(
                update(tokens)
                .where(tokens.c.hash == digest, unused)
                .values(used_at=to_microseconds(now))
            )

    def revoke_token(self, told: NewSystemEvent, identifier: str) -> bool:
        """Revoke the token of the account ``told.subject`` that has this id, and record it."""
        its = (
            tokens.c.user == told.subject,
            tokens.c.hash.startswith(identifier, autoescape=True),
            tokens.c.revoked_at.is_(None),
        )
        with self._database.writing() as connection:
            return _revoke(connection, told, *its) > 0

    def revoke_tokens(self, told: NewSystemEvent) -> int:
        """Revoke every token of the account ``told.subject`` and record it; returns how many there
        were."""
        with self._database.writing() as connection:
            count = _revoke_all(connection, told)
            append_system_events(connection, [told])
        return count

    def _tokens(self, *conditions: ColumnElement[bool]) -> list[KeptToken]:
        query = (
            select(*_TOKEN)
            .where(tokens.c.user == users.c.name, *conditions)
            .order_by(tokens.c.created_at, tokens.c.hash)
        )
        with self._database.reading() as connection:
            return [_token(row) for row in connection.execute(query)]

    def _insert_if_new(self, table: Any, values: dict[str, Any], told: NewSystemEvent) -> bool:
        dialect = postgresql if self._database.dialect == "postgresql" else sqlite
        with self._database.writing() as connection:
            statement = dialect.insert(table).values(values).on_conflict_do_nothing()
            stored = statement.returning(*table.primary_key)  # PostgreSQL counts no inserted rows
            if connection.execute(stored).first() is None:
                return False
            append_system_events(connection, [told])
        return True


def end_all(connection: Connection, told: NewSystemEvent, because: Ending) -> None:
    """End the sessions of the account ``told.subject`` and revoke its tokens, since ``told``."""
    _end(connection, told.at, because, sessions.c.user == told.subject)
    if _revoke_all(connection, told):
        facts = {"because": told.event}
        also = NewSystemEvent("tokens_revoked", told.subject, told.at, told.by, facts)
        append_system_events(connection, [also])


def account_of(row: Row[Any]) -> Account:
    """The account whose columns are in the row."""
    return Account(
        name=row.name,
        role=row.role,
        password_hash=row.password_hash,
        enabled=bool(row.enabled),
        created_at=from_microseconds(row.created_at),
        must_change=bool(row.must_change),
    )


def _end(
    connection: Connection, at: datetime, because: Ending, *conditions: ColumnElement[bool]
) -> int:
    found = connection.execute(
        update(sessions)
        .where(*conditions, sessions.c.ended_at.is_(None))
        .values(ended_at=to_microseconds(at), ended_because=because.value)
    )
    return found.rowcount


def _revoke_all(connection: Connection, told: NewSystemEvent) -> int:
    found = connection.execute(
        update(tokens)
        .where(tokens.c.user == told.subject, tokens.c.revoked_at.is_(None))
        .values(revoked_at=to_microseconds(told.at))
    )
    return found.rowcount


def _revoke(connection: Connection, told: NewSystemEvent, *conditions: ColumnElement[bool]) -> int:
    """Revoke those tokens, and record each of them."""
    digests = connection.scalars(select(tokens.c.hash).where(*conditions)).all()
    for digest in digests:
        connection.execute(
            update(tokens)
            .where(tokens.c.hash == digest)
            .values(revoked_at=to_microseconds(told.at))
        )
    facts = [{**told.body, "token": secret_digest(digest)} for digest in digests]
    new = [NewSystemEvent(told.event, told.subject, told.at, told.by, one) for one in facts]
    append_system_events(connection, new)
    return len(digests)


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (sessions.c.ended_at.is_(None), sessions.c.expires_at > to_microseconds(now))


def _session(row: Row[Any]) -> KeptSession:
    ended = None if row.ended_at is None else Ending(row.ended_because or Ending.BY_OTHERS)
    return KeptSession(
        id=row.id[:ID_LENGTH],
        account=account_of(row),
        opened_at=from_microseconds(row.opened_at),
        used_at=from_microseconds(row.opened_at if row.used_at is None else row.used_at),
        expires_at=from_microseconds(row.expires_at),
        address=row.address,
        device=row.device,
        ended=ended,
    )


def _token(row: Row[Any]) -> KeptToken:
    return KeptToken(
        id=row.hash[:ID_LENGTH],
        account=account_of(row),
        purpose=row.note,
        issued_by=row.issued_by,
        issued_at=from_microseconds(row.issued_at),
        expires_at=_time(row.expires_at),
        used_at=_time(row.used_at),
        revoked_at=_time(row.revoked_at),
    )


def _time(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else from_microseconds(microseconds)


def _microseconds(moment: datetime | None) -> int | None:
    return None if moment is None else to_microseconds(moment)
