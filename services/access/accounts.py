"""Who may sign in, and who is signed in: accounts, sessions and bearer tokens.

A session is a random secret of 256 bits that only the browser has; the store keeps its SHA-256.
Every request asks the store again, so what ends a session counts from the next request on: another
password, another role, a disabled account. These end the account's tokens as well. Passwords are
kept as Argon2id hashes (RFC 9106, second recommended setting).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher

from domain.access.accounts import Account, User
from domain.access.passwords import SHORTEST, Common, check_password
from domain.access.sessions import (
    LIMITS,
    NOTED_EVERY,
    TOKEN_DAYS,
    Ending,
    KeptSession,
    KeptToken,
    digest_of,
)
from domain.access.sources import Source
from domain.errors import (
    InvalidField,
    NotFound,
    NotPermitted,
    NotSignedIn,
    StoreUnavailable,
)
from domain.system_log import NewSystemEvent, secret_digest
from domain.time import to_microseconds
from services.access.checks import check_days, check_name, check_purpose, check_role
from services.access.hashing import Hashing
from services.access.ports import AccountStore
from services.access.proving import Attempts, Proving
from services.clock import Clock

_LONGEST_PLACE = 80


@dataclass(frozen=True, slots=True)
class Session:
    """What a successful sign-in gives: the secret for the cookie, and until when it is good."""

    user: User
    secret: str
    expires_at: datetime


class Accounts:
    """The use cases; refusals are the classes of ``domain.errors``."""

    def __init__(
        self,
        store: AccountStore,
        attempts: Attempts,
        clock: Clock,
        hasher: PasswordHasher | None = None,
        common: Common = frozenset(),
        words: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """``words`` gives what a stranger knows of the unit, such as call signs."""
        self._words = words
        self._common = common
        self._store = store
        self._clock = clock
        self._hashing = Hashing(hasher)
        self._proving = Proving(store, attempts, self._hashing, clock)

    def sign_in(
        self, name: str, password: str, address: str, browser: str = "", *, device: str = ""
    ) -> Session:
        """A new session for the right password; ``address`` is where the attempt comes from,
        ``browser`` names one in which this account has signed in before, and ``device`` says in
        plain words what the person uses.

        Raises ``NotSignedIn``, ``TooManyRequests``, ``NoRoom``.
        """
        account = self._proving.prove(name, password, Source(address, browser))
        return self._open_session(account, address, device)

    def confirm_password(
        self,
        name: str,
        password: str,
        address: str,
        *,
        browser: str = "",
        initial: bool = False,
    ) -> User:
        """Who it is that has entered the right password, without a session being opened.

        Counted and refused as an attempt to sign in: ``NotSignedIn``, ``TooManyRequests``,
        ``NoRoom``. Raises ``NotPermitted`` for a password that its owner must change, unless
        ``initial`` is enough.
        """
        account = self._proving.prove(name, password, Source(address, browser))
        if account.must_change and not initial:
            raise NotPermitted(
                f"the password of {account.name} was set by somebody else: {account.name} signs in"
                " and changes it first",
                guard="password",
            )
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
        """Whose session this is, None when it is over or the account may not sign in any more."""
        session = self._good_session(secret)
        if session is None:
            return None
        account = session.account
        return User(account.name, account.role, session.id, account.must_change)

    def use(self, secret: str) -> None:
        """A person has used this session just now; written down once a minute."""
        session, now = self._good_session(secret), self._clock()
        if session is not None and now - session.used_at >= NOTED_EVERY:
            self._store.note_use(digest_of(secret), now, NOTED_EVERY)

    def why_ended(self, secret: str) -> tuple[Ending, str] | None:
        """Why this session is over, and the role it had; None for one that is good or unknown."""
        session = self._store.session(digest_of(secret))
        over = None if session is None else session.over(self._clock())
        return None if session is None or over is None else (over, session.account.role)

    def by_token(self, token: str) -> User | None:
        """Whose bearer token this is, None when it is unknown, revoked or at its end."""
        digest, now = digest_of(token), self._clock()
        kept = self._store.token(digest)
        if kept is None or not kept.good(now):
            return None
        if kept.used_at is None or now - kept.used_at >= NOTED_EVERY:
            # who only reads is not turned away while nothing can be written
            with suppress(StoreUnavailable):
                self._store.note_token_use(digest, now, NOTED_EVERY)
        return User(kept.account.name, kept.account.role, f"token-{digest[:10]}")

    def sign_out(self, secret: str) -> None:
        """End this session; an unknown one is nothing to complain about."""
        self._store.end_session(digest_of(secret), self._clock(), Ending.SIGNED_OUT)

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
        minimum: int = SHORTEST,
        by: str | None = None,
        must_change: bool = False,
    ) -> None:
        """A new account. ``must_change``: whoever sets the password is not who will use it.

        ``minimum`` below the usual is for the accounts of the demonstration, whose passwords
        everybody knows. Raises ``InvalidField``, for a password its kind ``WeakPassword``.
        """
        check_name(name)
        check_role(role)
        hashed = self._hash(password, name, minimum)
        account = Account(name, role, hashed, True, self._clock(), must_change)
        facts = {
            "role": role,
            "enabled": True,
            "password": secret_digest(hashed),
            "must_change": must_change,
        }
        told = NewSystemEvent("account_added", name, account.created_at, by, facts)
        if not self._store.add_account(account, told):
            raise InvalidField("name", f"there is an account {name!r} already")

    def set_password(
        self, name: str, password: str, *, by: str | None = None, must_change: bool = False
    ) -> None:
        """Another password; every session and token of the account ends."""
        self._existing(name)
        hashed = self._hash(password, name)
        told = self._told(
            "password_changed", name, by, password=secret_digest(hashed), must_change=must_change
        )
        values = {"password_hash": hashed, "must_change": must_change}
        self._change(told, values, end_sessions=True)

    def change_own_password(
        self,
        secret: str,
        present: str,
        new: str,
        address: str,
        *,
        browser: str = "",
        device: str = "",
    ) -> Session:
        """The person of this session takes another password. Every session and token of the
        account ends, and a new session goes on in the place of this one.

        Raises ``NotSignedIn`` where ``secret`` is no session, ``InvalidField`` naming ``present``
        or ``password``, ``TooManyRequests``, ``NoRoom``.
        """
        session = self._good_session(secret)
        if session is None:
            raise NotSignedIn("sign in first")
        name = session.account.name
        try:
            self.confirm_password(name, present, address, browser=browser, initial=True)
        except NotSignedIn as refused:
            raise InvalidField("present", "is not the present password") from refused
        if new == present:
            raise InvalidField("password", "is the present one: choose another")
        self.set_password(name, new, by=name)
        return self._open_session(self._existing(name), address, device)

    def set_role(self, name: str, role: str, *, by: str | None = None) -> None:
        """Another role; every session and token of the account ends, so that no session of a wall
        screen goes on as a commander's. Nobody gives themselves one: ``NotPermitted``."""
        check_role(role)
        if by == name:
            raise NotPermitted(
                "nobody changes their own role: another administrator does", guard="role"
            )
        told = self._told("role_changed", name, by, role=role)
        self._change(told, {"role": role}, end_sessions=True)

    def set_enabled(self, name: str, enabled: bool, *, by: str | None = None) -> None:
        """Let an account sign in, or no longer; disabling ends its sessions and tokens for good."""
        told = self._told("account_enabled" if enabled else "account_disabled", name, by)
        self._change(told, {"enabled": enabled}, end_sessions=not enabled)

    def issue_token(
        self,
        name: str,
        purpose: str = "",
        token: str | None = None,
        *,
        by: str | None = None,
        days: int | None = TOKEN_DAYS,
    ) -> str:
        """A bearer token for programs; it is shown once and only its hash is kept.

        ``token`` is one that is known beforehand, in the demonstration; ``days`` None has no end.
        """
        account, now = self._existing(name), self._clock()
        if token is None:
            check_purpose(purpose)
            check_days(days)
        issued = token or secrets.token_urlsafe(32)
        digest = digest_of(issued)
        expires = None if days is None else now + timedelta(days=days)
        kept = KeptToken(digest[:16], account, purpose, by, now, expires, None, None)
        told = self._told(
            "token_issued",
            name,
            by,
            token=secret_digest(digest),
            note=purpose,
            expires_at=None if expires is None else to_microseconds(expires),
        )
        self._store.add_token(digest, kept, told)
        return issued

    def revoke_tokens(self, name: str, *, by: str | None = None) -> int:
        """Revoke every bearer token of an account; returns how many there were."""
        self._existing(name)
        return self._store.revoke_tokens(self._told("tokens_revoked", name, by))

    def has_password(self, account: Account, password: str) -> bool:
        """Whether this is the password, for a check that nobody has asked for from outside."""
        with self._hashing.turnstile.turn(known=True):
            return self._hashing.matches(account.password_hash, password)

    def shut(self, name: str) -> None:
        """A password that nobody knows, and disabled: for accounts that must open nothing more."""
        hashed = self._hashing.hash(secrets.token_urlsafe(32))
        told = self._told("password_changed", name, None, password=secret_digest(hashed))
        self._change(told, {"password_hash": hashed, "must_change": False}, end_sessions=True)
        self.set_enabled(name, False)

    def _told(self, event: str, name: str, by: str | None, **facts: Any) -> NewSystemEvent:
        return NewSystemEvent(event, name, self._clock(), by, facts)

    def _change(
        self, told: NewSystemEvent, values: Mapping[str, Any], *, end_sessions: bool = False
    ) -> None:
        if not self._store.change_account(told, values, end_sessions=end_sessions):
            raise NotFound(f"there is no account {told.subject!r}")

    def _open_session(self, account: Account, address: str, device: str) -> Session:
        secret = secrets.token_urlsafe(32)
        now = self._clock()
        digest = digest_of(secret)
        until = now + LIMITS[account.role].longest
        place = (address[:_LONGEST_PLACE], device[:_LONGEST_PLACE])
        session = KeptSession(digest[:16], account, now, now, until, *place)
        self._store.open_session(digest, session)
        user = User(account.name, account.role, session.id, account.must_change)
        return Session(user, secret, until)

    def _good_session(self, secret: str) -> KeptSession | None:
        session = self._store.session(digest_of(secret))
        if session is None or not session.account.enabled or session.over(self._clock()):
            return None
        return session

    def _existing(self, name: str) -> Account:
        account = self._store.account(name)
        if account is None:
            raise NotFound(f"there is no account {name!r}")
        return account

    def _hash(self, password: str, name: str, minimum: int = SHORTEST) -> str:
        if minimum >= SHORTEST:
            check_password(password, name, self._common, self._words())
        elif len(password) < minimum:
            raise InvalidField("password", f"must have at least {minimum} characters")
        return self._hashing.hash(password)
