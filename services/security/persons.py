"""Who proves a password for one act, with what the security log has to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from domain.access.accounts import User
from domain.access.security import NewSecurityEvent
from domain.errors import NoRoom, NotPermitted, NotSignedIn, TooManyRequests
from services.clock import Clock
from services.security.asking import asking
from services.security.log import SecurityLog


class Accounts(Protocol):
    """Who may sign in; ``services/access/accounts.py``."""

    def current(self, name: str) -> User | None:
        """The account with the role that it holds now."""

    def hands_on(self, name: str) -> frozenset[str]:
        """The accounts that ``name`` has created or reset."""

    def confirm_password(
        self, name: str, password: str, address: str, *, initial: bool = False
    ) -> User:
        """Who has given the own password; raises ``NotSignedIn``, ``TooManyRequests``, ``NoRoom``,
        and ``NotPermitted`` for one that its owner must change, unless ``initial``."""


@dataclass(frozen=True, slots=True)
class RecordedPersons:
    """Satisfies ``services.event_ports.Persons``. Nothing is confirmed that is not recorded;
    ``reason`` says what for."""

    accounts: Accounts
    log: SecurityLog
    clock: Clock
    reason: str = "second_person"

    def current(self, name: str) -> User | None:
        """As the accounts say."""
        return self.accounts.current(name)

    def hands_on(self, name: str) -> frozenset[str]:
        """As the accounts say."""
        return self.accounts.hands_on(name)

    def confirm_password(
        self, name: str, password: str, address: str, *, initial: bool = False
    ) -> User:
        """As the accounts say; also raises ``StoreUnavailable``."""
        try:
            user = self.accounts.confirm_password(name, password, address, initial=initial)
        except (NotSignedIn, NotPermitted):
            self.log.note(self._event("refused", self.log.account(name)))
            raise
        except (TooManyRequests, NoRoom):
            self.log.note(self._event("throttled", self.log.account(name)))
            raise
        self.log.record(self._event("done", user.name, user.role))
        return user

    def _event(
        self, outcome: str, account: str | None, role: str | None = None
    ) -> NewSecurityEvent:
        now = asking()
        return NewSecurityEvent(
            "password",
            outcome,
            self.clock(),
            account=account,
            role=role,
            address=now.address if now else None,
            method=now.method if now else None,
            route=now.route if now else None,
            reason=self.reason,
        )
