"""Proving a password: counted, a few at once, and the same answer to everybody who fails."""

from __future__ import annotations

import hashlib
from typing import Protocol

from domain.access.accounts import Account
from domain.access.sources import Source
from domain.errors import NoRoom, NotSignedIn, TooManyRequests
from domain.system_log import NewSystemEvent, secret_digest
from services.access.checks import is_plain
from services.access.hashing import Hashing
from services.access.ports import ProvedStore
from services.clock import Clock

_REFUSED = "the account or the password is not right, or the account is disabled"
_TOO_MANY = (
    "too many attempts for this account from where you are: wait, or use the browser in which it"
    " signs in usually"
)


class Attempts(Protocol):
    """Counts attempts to prove a password; ``name`` need be no account."""

    def wait(self, name: str, source: Source) -> float:
        """Seconds until one more may be made, 0 for now. Counts nothing."""

    def begin(self, name: str, source: Source) -> float:
        """Count one attempt; seconds to wait when there were too many, else 0."""

    def failed(self, name: str, source: Source) -> None:
        """The attempt that has begun was wrong."""

    def succeeded(self, name: str, source: Source) -> None:
        """It was right: from here on the source is one where this account signs in."""

    def knows(self, name: str, source: Source) -> bool:
        """Whether the account was proved from there before."""


class Proving:
    """One a process."""

    def __init__(
        self, store: ProvedStore, attempts: Attempts, hashing: Hashing, clock: Clock
    ) -> None:
        self._store = store
        self._attempts = attempts
        self._hashing = hashing
        self._clock = clock

    def prove(self, name: str, password: str, source: Source) -> Account:
        """The enabled account whose password it is.

        Raises ``NotSignedIn`` for anything that is not right, without saying what,
        ``TooManyRequests`` with ``retry_after`` in seconds, and ``NoRoom``. An attempt counts when
        its turn has come: who was sent away because others were being checked has not guessed.
        """
        counted = name if is_plain(name) else _digest(name)
        _refuse(self._attempts.wait(counted, source))
        with self._hashing.turnstile.turn(known=self._attempts.knows(counted, source)):
            _refuse(self._attempts.begin(counted, source))
            account = self._find(name)
            known = None if account is None else account.password_hash
            right = self._hashing.matches(known, password)
        if account is None or not right or not account.enabled:
            self._attempts.failed(counted, source)
            raise NotSignedIn(_REFUSED)
        self._attempts.succeeded(counted, source)
        self._refresh(account, password)
        return account

    def _find(self, name: str) -> Account | None:
        # No account is called otherwise, and a database may refuse to look for a NUL.
        return self._store.account(name) if is_plain(name) else None

    def _refresh(self, account: Account, password: str) -> None:
        if not self._hashing.is_old(account.password_hash):
            return
        try:
            hashed = self._hashing.hash(password)
        except NoRoom:  # the next time does
            return
        facts = {"password": secret_digest(hashed)}
        told = NewSystemEvent("password_rehashed", account.name, self._clock(), account.name, facts)
        # another password that was set meanwhile stays
        its = {"password_hash": account.password_hash}
        self._store.change_account(told, {"password_hash": hashed}, only_if=its)


def _digest(name: str) -> str:
    """What is counted in the place of a name of any length and of any signs."""
    return "?" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _refuse(wait: float) -> None:
    if wait > 0:
        raise TooManyRequests(_TOO_MANY, retry_after=max(1, round(wait)))
