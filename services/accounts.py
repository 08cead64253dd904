"""Who may sign in, and who is signed in: accounts, sessions and bearer tokens.

A session is a random secret of 256 bits that only the browser has; the store keeps its SHA-256.
Every request asks the store again, so a disabled account, another role or an ended session counts
from the next request on. Passwords are kept as Argon2id hashes (RFC 9106, second recommended
setting).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.accounts import Account, User
from domain.errors import InvalidField, NotFound, NotSignedIn, TooManyRequests
from domain.transitions import ROLES
from services.clock import Clock

SIGN_IN_ROLES = tuple(role for role in ROLES if role != "SYSTEM")
SESSION_LENGTH = timedelta(hours=12)
"""A shift of eight hours and its handover."""

WALL_SESSION_LENGTH = timedelta(days=30)
LONGEST_NAME = 40
LONGEST_PASSWORD = 200
SHORTEST_PASSWORD = 12

_REFUSED = "the account or the password is not right, or the account is disabled"


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

    def add_account(self, account: Account) -> bool:
        """Keep a new account; False when the name is taken."""

    def replace_account(self, account: Account) -> None:
        """Keep role, hash and ``enabled`` of an account that exists."""

    def open_session(
        self, digest: str, name: str, created_at: datetime, expires_at: datetime
    ) -> None:
        """Keep a session."""

    def session_holder(self, digest: str, now: datetime) -> Account | None:
        """The enabled account whose session is neither ended nor expired."""

    def end_session(self, digest: str, at: datetime) -> None:
        """End one session."""

    def end_sessions_of(self, name: str, at: datetime) -> None:
        """End every session of an account."""

    def add_token(self, digest: str, name: str, note: str, created_at: datetime) -> None:
        """Keep a bearer token; one that is there already stays as it is."""

    def token_holder(self, digest: str) -> Account | None:
        """The enabled account whose token is not revoked."""

    def revoke_tokens_of(self, name: str, at: datetime) -> int:
        """Revoke every token of an account; returns how many there were."""


class Attempts(Protocol):
    """Counts attempts to sign in."""

    def begin(self, name: str, address: str) -> float:
        """Count one attempt; seconds to wait when there were too many, else 0."""

    def failed(self, address: str) -> None:
        """Count one failure of this address, whatever the account."""

    def succeeded(self, name: str, address: str) -> None:
        """Forget the attempts of this account from this address."""


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
        self._attempts = attempts
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._nobody: str | None = None

    def sign_in(self, name: str, password: str, address: str) -> Session:
        """A new session for the right password; ``address`` is where the attempt comes from."""
        wait = self._attempts.begin(name[:LONGEST_NAME], address)
        if wait > 0:
            raise TooManyRequests(
                "too many attempts to sign in: wait a few minutes", retry_after=round(wait)
            )
        account = self._store.account(name)
        right = self._matches(account, password)
        if account is None or not right or not account.enabled:
            self._attempts.failed(address)
            raise NotSignedIn(_REFUSED)
        self._attempts.succeeded(name, address)
        self._refresh_hash(account, password)
        return self._open_session(account)

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

    def add(self, name: str, role: str, password: str, *, minimum: int = SHORTEST_PASSWORD) -> None:
        """A new account."""
        _check_name(name)
        _check_role(role)
        account = Account(name, role, self._hash(password, minimum), True, self._clock())
        if not self._store.add_account(account):
            raise InvalidField("name", f"there is an account {name!r} already")

    def set_password(self, name: str, password: str) -> None:
        """Another password; every session of the account ends."""
        account = self._existing(name)
        hashed = self._hash(password, SHORTEST_PASSWORD)
        self._store.replace_account(replace(account, password_hash=hashed))
        self._store.end_sessions_of(name, self._clock())

    def set_role(self, name: str, role: str) -> None:
        """Another role, from the next request of any open session on."""
        _check_role(role)
        self._store.replace_account(replace(self._existing(name), role=role))

    def set_enabled(self, name: str, enabled: bool) -> None:
        """Let an account sign in, or no longer; disabling ends its sessions for good."""
        self._store.replace_account(replace(self._existing(name), enabled=enabled))
        if not enabled:
            self._store.end_sessions_of(name, self._clock())

    def issue_token(self, name: str, note: str = "", token: str | None = None) -> str:
        """A bearer token for programs; it is shown once and only its hash is kept."""
        self._existing(name)
        issued = token or secrets.token_urlsafe(32)
        self._store.add_token(_digest(issued), name, note, self._clock())
        return issued

    def revoke_tokens(self, name: str) -> int:
        """Revoke every bearer token of an account; returns how many there were."""
        self._existing(name)
        return self._store.revoke_tokens_of(name, self._clock())

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

    def _matches(self, account: Account | None, password: str) -> bool:
        # An unknown name costs the same time as a wrong password, so neither can be told apart.
        try:
            return self._hasher.verify(self._hash_of(account), password[:LONGEST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False

    def _hash_of(self, account: Account | None) -> str:
        if account is not None:
            return account.password_hash
        if self._nobody is None:
            self._nobody = self._hasher.hash(secrets.token_urlsafe(32))
        return self._nobody

    def _refresh_hash(self, account: Account, password: str) -> None:
        if self._hasher.check_needs_rehash(account.password_hash):
            hashed = self._hasher.hash(password)
            self._store.replace_account(replace(account, password_hash=hashed))

    def _hash(self, password: str, minimum: int) -> str:
        if not minimum <= len(password) <= LONGEST_PASSWORD:
            raise InvalidField(
                "password", f"must have between {minimum} and {LONGEST_PASSWORD} characters"
            )
        return self._hasher.hash(password)


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
