"""Accounts, sessions and tokens in the database; satisfies ``services.accounts.AccountStore``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects import postgresql, sqlite

from data.database import Database
from data.schema import sessions, tokens, users
from domain.accounts import Account
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

    def add_account(self, account: Account) -> bool:
        """Keep a new account; False when the name is taken."""
        values = {
            "name": account.name,
            "role": account.role,
            "password_hash": account.password_hash,
            "enabled": account.enabled,
            "created_at": to_microseconds(account.created_at),
        }
        return self._insert_if_new(users, values)

    def replace_account(self, account: Account) -> None:
        """Keep role, hash and ``enabled`` of an account that exists."""
        with self._database.writing() as connection:
            connection.execute(
                update(users)
                .where(users.c.name == account.name)
                .values(
                    role=account.role,
                    password_hash=account.password_hash,
                    enabled=account.enabled,
                )
            )

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
        self._end(at, sessions.c.id == digest)

    def end_sessions_of(self, name: str, at: datetime) -> None:
        """End every session of an account."""
        self._end(at, sessions.c.user == name)

    def add_token(self, digest: str, name: str, note: str, created_at: datetime) -> None:
        """Keep a bearer token; one that is there already stays as it is."""
        values = {
            "hash": digest,
            "user": name,
            "note": note,
            "created_at": to_microseconds(created_at),
        }
        self._insert_if_new(tokens, values)

    def token_holder(self, digest: str) -> Account | None:
        """The enabled account whose token is not revoked."""
        return self._first(
            users.c.enabled,
            tokens.c.user == users.c.name,
            tokens.c.hash == digest,
            tokens.c.revoked_at.is_(None),
        )

    def revoke_tokens_of(self, name: str, at: datetime) -> int:
        """Revoke every token of an account; returns how many there were."""
        with self._database.writing() as connection:
            result = connection.execute(
                update(tokens)
                .where(tokens.c.user == name, tokens.c.revoked_at.is_(None))
                .values(revoked_at=to_microseconds(at))
            )
            return result.rowcount

    def _first(self, *conditions: ColumnElement[bool]) -> Account | None:
        with self._database.reading() as connection:
            row = connection.execute(select(*_ACCOUNT).where(*conditions)).first()
        return None if row is None else _account(row)

    def _end(self, at: datetime, condition: ColumnElement[bool]) -> None:
        with self._database.writing() as connection:
            connection.execute(
                update(sessions)
                .where(condition, sessions.c.ended_at.is_(None))
                .values(ended_at=to_microseconds(at))
            )

    def _insert_if_new(self, table: Any, values: dict[str, Any]) -> bool:
        dialect = postgresql if self._database.dialect == "postgresql" else sqlite
        with self._database.writing() as connection:
            statement = dialect.insert(table).values(values).on_conflict_do_nothing()
            stored = statement.returning(*table.primary_key)  # PostgreSQL counts no inserted rows
            return connection.execute(stored).first() is not None


def _account(row: Any) -> Account:
    return Account(
        name=row.name,
        role=row.role,
        password_hash=row.password_hash,
        enabled=bool(row.enabled),
        created_at=from_microseconds(row.created_at),
    )
