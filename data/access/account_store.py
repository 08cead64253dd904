"""Accounts, sessions and tokens in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from data.database import Database
from data.schema import sessions, tokens, users
from data.system_log import SystemLog, append_system_events
from domain.access.accounts import Account
from domain.system_log import NewSystemEvent
from domain.time import from_microseconds, to_microseconds

_ACCOUNT = (
    users.c.name,
    users.c.role,
    users.c.password_hash,
    users.c.enabled,
    users.c.created_at,
)


class SqlAccountStore:
    """All methods raise ``StoreUnavailable`` when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def account(self, name: str) -> Account | None:
        """The account of that name."""
        return self._first(users.c.name == name)

    def accounts(self) -> Sequence[Account]:
        """Every account, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(*_ACCOUNT).order_by(users.c.name)).all()
        return [_account(row) for row in rows]

    def add_account(self, account: Account, told: NewSystemEvent) -> bool:
        """Keep a new account and record it; False when the name is taken."""
        values = {
            "name": account.name,
            "role": account.role,
            "password_hash": account.password_hash,
            "enabled": account.enabled,
            "created_at": to_microseconds(account.created_at),
        }
        return self._insert_if_new(users, values, told)

    def change_account(
        self,
        told: NewSystemEvent,
        values: Mapping[str, Any],
        *,
        only_if: Mapping[str, Any] | None = None,
        end_sessions: bool = False,
    ) -> bool:
        """Change those columns of the account ``told.subject``, and record it; False where it is
        not there, or does not have ``only_if`` any more."""
        its = [users.c.name == told.subject]
        its += [users.c[name] == value for name, value in (only_if or {}).items()]
        with self._database.writing() as connection:
            found = connection.execute(update(users).where(*its).values(**values))
            if found.rowcount != 1:
                return False
            append_system_events(connection, [told])
            if end_sessions:
                _end(connection, told.at, sessions.c.user == told.subject)
        return True

    def open_session(
        self, digest: str, name: str, created_at: datetime, expires_at: datetime
    ) -> None:
        """Keep a session."""
        with self._database.writing() as connection:
            connection.execute(
                sessions.insert().values(
                    id=digest,
                    user=name,
                    created_at=to_microseconds(created_at),
                    expires_at=to_microseconds(expires_at),
                )
            )

    def session_holder(self, digest: str, now: datetime) -> Account | None:
        """The enabled account whose session is neither ended nor expired."""
        return self._first(
            users.c.enabled,
            sessions.c.user == users.c.name,
            sessions.c.id == digest,
            sessions.c.ended_at.is_(None),
            sessions.c.expires_at > to_microseconds(now),
        )

    def end_session(self, digest: str, at: datetime) -> None:
        """End one session."""
        with self._database.writing() as connection:
            _end(connection, at, sessions.c.id == digest)

    def add_token(self, digest: str, note: str, told: NewSystemEvent) -> bool:
        """Keep a bearer token of the account ``told.subject`` and record it; one that is there
        already stays as it is, and nothing is recorded."""
        values = {
            "hash": digest,
            "user": told.subject,
            "note": note,
            "created_at": to_microseconds(told.at),
        }
        return self._insert_if_new(tokens, values, told)

    def token_holder(self, digest: str) -> Account | None:
        """The enabled account whose token is not revoked."""
        return self._first(
            users.c.enabled,
            tokens.c.user == users.c.name,
            tokens.c.hash == digest,
            tokens.c.revoked_at.is_(None),
        )

    def revoke_tokens(self, told: NewSystemEvent) -> int:
        """Revoke every token of the account ``told.subject`` and record it; returns how many there
        were."""
        with self._database.writing() as connection:
            result = connection.execute(
                update(tokens)
                .where(tokens.c.user == told.subject, tokens.c.revoked_at.is_(None))
                .values(revoked_at=to_microseconds(told.at))
            )
            append_system_events(connection, [told])
            return result.rowcount

    def hands_on(self, name: str) -> frozenset[str]:
        """The other accounts that ``name`` has given a password or a token."""
        return SystemLog(self._database).hands_on(name)

    def _first(self, *conditions: ColumnElement[bool]) -> Account | None:
        with self._database.reading() as connection:
            row = connection.execute(select(*_ACCOUNT).where(*conditions)).first()
        return None if row is None else _account(row)

    def _insert_if_new(self, table: Any, values: dict[str, Any], told: NewSystemEvent) -> bool:
        dialect = postgresql if self._database.dialect == "postgresql" else sqlite
        with self._database.writing() as connection:
            statement = dialect.insert(table).values(values).on_conflict_do_nothing()
            stored = statement.returning(*table.primary_key)  # PostgreSQL counts no inserted rows
            if connection.execute(stored).first() is None:
                return False
            append_system_events(connection, [told])
        return True


def _end(connection: Connection, at: datetime, condition: ColumnElement[bool]) -> None:
    connection.execute(
        update(sessions)
        .where(condition, sessions.c.ended_at.is_(None))
        .values(ended_at=to_microseconds(at))
    )


def _account(row: Any) -> Account:
    return Account(
        name=row.name,
        role=row.role,
        password_hash=row.password_hash,
        enabled=bool(row.enabled),
        created_at=from_microseconds(row.created_at),
    )
