"""Who may sign in, and who is signed in: accounts, sessions and bearer tokens.

A session is a random secret of 256 bits that only the browser has; the store keeps its SHA-256.
Every request asks the store again, so a disabled account, another role or an ended session counts
from the next request on. Passwords are kept as Argon2id hashes (RFC 9106, second recommended
setting).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from argon2 import PasswordHasher

from domain.access.accounts import Account, User
from domain.access.sources import Source
from domain.errors import InvalidField, NotFound
from domain.system_log import NewSystemEvent, secret_digest
from domain.transitions import ROLES
from services.access.hashing import Hashing
from services.access.proving import LONGEST_NAME, Attempts, Proving
from services.clock import Clock

SIGN_IN_ROLES = tuple(role for role in ROLES if role != "SYSTEM")
SESSION_LENGTH = timedelta(hours=12)
"""A shift of eight hours and its handover."""

WALL_SESSION_LENGTH = timedelta(days=30)
LONGEST_PASSWORD = 200
SHORTEST_PASSWORD = 12


@dataclass(frozen=True, slots=True)
class Session:
    """What a successful sign-in gives: the secret for the cookie, and until when it is good."""

    user: User
    secret: str
    expires_at: datetime


class AccountStore(Protocol):
    """Where accounts, sessions and tokens are kept. ``digest`` is always a SHA-256 in hex."""

    def account(self, name: str) -> Account | None:
        """The account of that name."""

    def accounts(self) -> Sequence[Account]:
        """Every account, by name."""

    def add_account(self, account: Account, told: NewSystemEvent) -> bool:
        """Keep a new account and record it; False when the name is taken."""

    def change_account(
        self,
        told: NewSystemEvent,
        values: Mapping[str, Any],
        *,
        only_if: Mapping[str, Any] | None = None,
        end_sessions: bool = False,
    ) -> bool:
        """Change ``values`` (named as in ``Account``) of the account ``told.subject``, and record
        it; False where it is not there, or does not have ``only_if`` any more."""

    def open_session(
        self, digest: str, name: str, created_at: datetime, expires_at: datetime
    ) -> None:
        """Keep a session."""

    def session_holder(self, digest: str, now: datetime) -> Account | None:
        """The enabled account whose session is neither ended nor expired."""

    def end_session(self, digest: str, at: datetime) -> None:
        """End one session."""

    def add_token(self, digest: str, note: str, told: NewSystemEvent) -> bool:
        """Keep a bearer token of the account ``told.subject`` and record it; one that is there
        already stays as it is, and nothing is recorded."""

    def token_holder(self, digest: str) -> Account | None:
        """The enabled account whose token is not revoked."""

    def revoke_tokens(self, told: NewSystemEvent) -> int:
        """Revoke every token of the account ``told.subject`` and record it; how many there were."""

    def hands_on(self, name: str) -> frozenset[str]:
        """The other accounts that ``name`` has given a password or a token."""


class Accounts:
    """The use cases; refusals are the classes of ``domain.errors``."""

    def __init__(
        self,
        store: AccountStore,
        attempts: Attempts,
        clock: Clock,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._hashing = Hashing(hasher)
        self._proving = Proving(store, attempts, self._hashing, clock)

    def sign_in(self, name: str, password: str, address: str, browser: str = "") -> Session:
        """A new session for the right password; ``address`` is where the attempt comes from, and
        ``browser`` names one in which this account has signed in before.

        Raises ``NotSignedIn``, ``TooManyRequests``, ``Busy``.
        """
        source = Source(address, browser)
        return self._open_session(self._proving.prove(name, password, source))

    def confirm_password(self, name: str, password: str, address: str) -> User:
        """Who it is that has entered the right password, without a session being opened.

        Counted and refused as an attempt to sign in: ``NotSignedIn``, ``TooManyRequests``,
        ``Busy``.
        """
        account = self._proving.prove(name, password, Source(address))
        return User(account.name, account.role, f"password-{secrets.token_hex(5)}")

    def current(self, name: str) -> User | None:
        """The account as it is now, None where it is unknown or disabled."""
        account = self._store.account(name)
        if account is None or not account.enabled:
            return None
        return User(account.name, account.role, "account")

    def hands_on(self, name: str) -> frozenset[str]:
        """The accounts that ``name`` can act as, or could have once: those it created, and those
        whose password it set or for which it issued a token; never ``name`` itself.

        What was done on the command line without naming anybody is nobody's.
        """
        return self._store.hands_on(name)

    def by_session(self, secret: str) -> User | None:
        """Whose session this is, None when it ended or the account may not sign in any more."""
        digest = _digest(secret)
        account = self._store.session_holder(digest, self._clock())
        return None if account is None else User(account.name, account.role, digest[:16])

    def by_token(self, token: str) -> User | None:
        """Whose bearer token this is, None when it is unknown or revoked."""
        digest = _digest(token)
        account = self._store.token_holder(digest)
        return None if account is None else User(account.name, account.role, f"token-{digest[:10]}")

    def sign_out(self, secret: str) -> None:
        """End this session; an unknown one is nothing to complain about."""
        self._store.end_session(_digest(secret), self._clock())

    def accounts(self) -> Sequence[Account]:
        """Every account, by name."""
        return self._store.accounts()

    # --- changes; ``by`` is the account of who makes one, None where nobody is named ---------

    def add(
        self,
        name: str,
        role: str,
        password: str,
        *,
        minimum: int = SHORTEST_PASSWORD,
        by: str | None = None,
    ) -> None:
        """A new account."""
        _check_name(name)
        _check_role(role)
        account = Account(name, role, self._hash(password, minimum), True, self._clock())
        facts = {"role": role, "enabled": True, "password": secret_digest(account.password_hash)}
        told = NewSystemEvent("account_added", name, account.created_at, by, facts)
        if not self._store.add_account(account, told):
            raise InvalidField("name", f"there is an account {name!r} already")

    def set_password(self, name: str, password: str, *, by: str | None = None) -> None:
        """Another password; every session of the account ends."""
        self._existing(name)
        hashed = self._hash(password, SHORTEST_PASSWORD)
        told = self._told("password_changed", name, by, password=secret_digest(hashed))
        self._change(told, {"password_hash": hashed}, end_sessions=True)

    def set_role(self, name: str, role: str, *, by: str | None = None) -> None:
        """Another role, from the next request of any open session on."""
        _check_role(role)
        self._change(self._told("role_changed", name, by, role=role), {"role": role})

    def set_enabled(self, name: str, enabled: bool, *, by: str | None = None) -> None:
        """Let an account sign in, or no longer; disabling ends its sessions for good."""
        told = self._told("account_enabled" if enabled else "account_disabled", name, by)
        self._change(told, {"enabled": enabled}, end_sessions=not enabled)

    def issue_token(
        self, name: str, note: str = "", token: str | None = None, *, by: str | None = None
    ) -> str:
        """A bearer token for programs; it is shown once and only its hash is kept."""
        self._existing(name)
        issued = token or secrets.token_urlsafe(32)
        digest = _digest(issued)
        told = self._told("token_issued", name, by, token=secret_digest(digest), note=note)
        self._store.add_token(digest, note, told)
        return issued

    def revoke_tokens(self, name: str, *, by: str | None = None) -> int:
        """Revoke every bearer token of an account; returns how many there were."""
        self._existing(name)
        return self._store.revoke_tokens(self._told("tokens_revoked", name, by))

    def _told(self, event: str, name: str, by: str | None, **facts: Any) -> NewSystemEvent:
        return NewSystemEvent(event, name, self._clock(), by, facts)

    def _change(
        self, told: NewSystemEvent, values: Mapping[str, Any], *, end_sessions: bool = False
    ) -> None:
        if not self._store.change_account(told, values, end_sessions=end_sessions):
            raise NotFound(f"there is no account {told.subject!r}")

    def _open_session(self, account: Account) -> Session:
        secret = secrets.token_urlsafe(32)
        now = self._clock()
        length = WALL_SESSION_LENGTH if account.role == "WALL" else SESSION_LENGTH
        digest = _digest(secret)
        self._store.open_session(digest, account.name, now, now + length)
        return Session(User(account.name, account.role, digest[:16]), secret, now + length)

    def _existing(self, name: str) -> Account:
        account = self._store.account(name)
        if account is None:
            raise NotFound(f"there is no account {name!r}")
        return account

    def _hash(self, password: str, minimum: int) -> str:
        if not minimum <= len(password) <= LONGEST_PASSWORD:
            raise InvalidField(
                "password", f"must have between {minimum} and {LONGEST_PASSWORD} characters"
            )
        return self._hashing.hash(password)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _check_name(name: str) -> None:
    # The name is written into the log for good, so it stays plain and short.
    if not (0 < len(name) <= LONGEST_NAME and name.isascii()):
        raise InvalidField("name", f"must have 1 to {LONGEST_NAME} plain letters or digits")
    if not all(letter.isalnum() or letter in "._-" for letter in name):
        raise InvalidField("name", "may have letters, digits, dot, hyphen and underscore only")


def _check_role(role: str) -> None:
    if role not in SIGN_IN_ROLES:
        raise InvalidField("role", f"must be one of {', '.join(SIGN_IN_ROLES)}")
