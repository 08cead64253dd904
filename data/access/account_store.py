"""Accounts in the database; their sessions and tokens are in ``data/access/credentials.py``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update

from data.access.credentials import ACCOUNT, SqlCredentials, account_of, end_all
from data.schema import users
from data.system_log import SystemLog, append_system_events
from domain.access.accounts import Account
from domain.access.sessions import Ending
from domain.system_log import NewSystemEvent
from domain.time import to_microseconds

_ENDS = {
    "password_changed": Ending.PASSWORD,
    "role_changed": Ending.ROLE,
    "account_disabled": Ending.DISABLED,
}


class SqlAccountStore(SqlCredentials):
    """All methods raise ``StoreUnavailable`` when the database does not answer."""

    def account(self, name: str) -> Account | None:
        """The account of that name."""
        with self._database.reading() as connection:
            row = connection.execute(select(*ACCOUNT).where(users.c.name == name)).first()
        return None if row is None else account_of(row)

    def accounts(self) -> Sequence[Account]:
        """Every account, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(*ACCOUNT).order_by(users.c.name)).all()
        return [account_of(row) for row in rows]

    def add_account(self, account: Account, told: NewSystemEvent) -> bool:
        """Keep a new account and record it; False when the name is taken."""
        values = {
            "name": account.name,
            "role": account.role,
            "password_hash": account.password_hash,
            "enabled": account.enabled,
            "created_at": to_microseconds(account.created_at),
            "must_change": account.must_change,
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
        not there, or does not have ``only_if`` any more. ``end_sessions`` revokes its tokens,
        too."""
        its = [users.c.name == told.subject]
        its += [users.c[name] == value for name, value in (only_if or {}).items()]
        with self._database.writing() as connection:
            found = connection.execute(update(users).where(*its).values(**values))
            if found.rowcount != 1:
                return False
            append_system_events(connection, [told])
            if end_sessions:
                end_all(connection, told, _ENDS.get(told.event, Ending.BY_OTHERS))
        return True

    def hands_on(self, name: str) -> frozenset[str]:
        """The other accounts that ``name`` has given a password or a token."""
        return SystemLog(self._database).hands_on(name)
