"""Where accounts, sessions and tokens are kept; ``data/access`` satisfies it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from domain.access.accounts import Account
from domain.access.sessions import Ending, KeptSession, KeptToken
from domain.system_log import NewSystemEvent


class ProvedStore(Protocol):
    """What proving a password needs of the accounts."""

    def account(self, name: str) -> Account | None:
        """The account of that name."""

    def change_account(
        self,
        told: NewSystemEvent,
        values: Mapping[str, Any],
        *,
        only_if: Mapping[str, Any] | None = None,
        end_sessions: bool = False,
    ) -> bool:
        """Change ``values`` (named as in ``Account``) of the account ``told.subject``, and record
        it; False where it is not there, or does not have ``only_if`` any more. ``end_sessions``
        revokes its tokens, too."""


class AccountStore(ProvedStore, Protocol):
    """Where accounts, sessions and tokens are kept. ``digest`` is always a SHA-256 in hex."""

    def accounts(self) -> Sequence[Account]:
        """Every account, by name."""

    def add_account(self, account: Account, told: NewSystemEvent) -> bool:
        """Keep a new account and record it; False when the name is taken."""

    def open_session(self, digest: str, session: KeptSession) -> None:
        """Keep a session."""

    def session(self, digest: str) -> KeptSession | None:
        """A session with its account as it is now, also one that is over."""

    def note_use(self, digest: str, now: datetime, every: timedelta) -> None:
        """Write down that a session is in use, unless that was done within ``every``."""

    def end_session(self, digest: str, at: datetime, because: Ending) -> None:
        """End one session."""

    def add_token(self, digest: str, token: KeptToken, told: NewSystemEvent) -> bool:
        """Keep a bearer token and record it; one that is there already stays as it is, and nothing
        is recorded."""

    def token(self, digest: str) -> KeptToken | None:
        """A token with its account as it is now, also one that opens nothing any more."""

    def note_token_use(self, digest: str, now: datetime, every: timedelta) -> None:
        """Write down that a token is in use, unless that was done within ``every``."""

    def revoke_tokens(self, told: NewSystemEvent) -> int:
        """Revoke every token of the account ``told.subject`` and record it; how many there were."""

    def hands_on(self, name: str) -> frozenset[str]:
        """The other accounts that ``name`` has given a password or a token."""

    # --- what a person and an administrator see and end -----------------------------------------

    def sessions(self, name: str, now: datetime) -> Sequence[KeptSession]:
        """The sessions of an account that have neither been ended nor reached their end, the
        newest first."""

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

    def tokens(self, name: str | None = None) -> Sequence[KeptToken]:
        """Every token, or those of one account, in the order in which they were issued."""

    def revoke_token(self, told: NewSystemEvent, identifier: str) -> bool:
        """Revoke the token of the account ``told.subject`` that has this id, and record it."""
