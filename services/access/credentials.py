"""Sessions and tokens that are good: seeing them, and ending them one by one or all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.access.sessions import Ending, KeptSession, KeptToken, digest_of
from domain.errors import NotFound
from domain.system_log import NewSystemEvent
from services.access.ports import AccountStore
from services.clock import Clock

_ID_DIGITS = frozenset("0123456789abcdef")
_ID_LENGTH = 16


class Credentials:
    """``by`` is who does it, None where nobody is named; all changes are recorded with it."""

    def __init__(self, store: AccountStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def sessions(self, name: str) -> Sequence[KeptSession]:
        """The good sessions of an account, the newest first."""
        now = self._clock()
        return [one for one in self._store.sessions(name, now) if one.over(now) is None]

    def end_session(self, name: str, identifier: str, *, by: str | None) -> None:
        """End the session of ``name`` with this id; raises ``NotFound``."""
        if not self._end(name, by, only=_checked(identifier, "session")):
            raise NotFound(f"{name} has no such session")

    def end_other_sessions(self, name: str, secret: str) -> int:
        """End every session of ``name`` but the one of this ``secret``; how many there were."""
        return self._end(name, name, but=digest_of(secret))

    def end_sessions(self, name: str, *, by: str | None) -> int:
        """End every session of ``name``; how many there were. Raises ``NotFound``."""
        self._check(name)
        return self._end(name, by)

    def end_every_session(self, *, by: str | None) -> dict[str, int]:
        """End every session of everybody; how many there were, by account."""
        counts = {one.name: self._end(one.name, by) for one in self._store.accounts()}
        return {name: count for name, count in counts.items() if count}

    def tokens(self, name: str | None = None) -> Sequence[KeptToken]:
        """Every token ever issued, or those of one account (``NotFound``), the oldest first."""
        if name is not None:
            self._check(name)
        return self._store.tokens(name)

    def good_tokens(self, name: str) -> Sequence[KeptToken]:
        """The tokens of an account that open something."""
        now = self._clock()
        return [one for one in self._store.tokens(name) if one.good(now)]

    def revoke_token(
        self, identifier: str, *, by: str | None, name: str | None = None
    ) -> KeptToken:
        """Revoke the token with this id; with a ``name`` it must be that account's.

        Raises ``NotFound``, also for one that is revoked already.
        """
        sought = _checked(identifier, "token")
        found = [
            one for one in self._store.tokens(name) if one.id == sought and one.revoked_at is None
        ]
        if not found or not self._store.revoke_token(
            self._told("token_revoked", found[0].account.name, by), sought
        ):
            raise NotFound(f"there is no token {identifier[:40]!r} that could be revoked")
        return found[0]

    def _end(self, name: str, by: str | None, **which: str) -> int:
        because = Ending.ELSEWHERE if by == name else Ending.BY_OTHERS
        return self._store.end_sessions(
            self._told("sessions_ended", name, by, **_facts(which)), because, **which
        )

    def _check(self, name: str) -> None:
        if self._store.account(name) is None:
            raise NotFound(f"there is no account {name!r}")

    def _told(self, event: str, name: str, by: str | None, **facts: Any) -> NewSystemEvent:
        return NewSystemEvent(event, name, self._clock(), by, facts)


def _facts(which: dict[str, str]) -> dict[str, str]:
    """What the chain says of which sessions were ended: the id of one, or of the one that stays."""
    if "only" in which:
        return {"session": which["only"]}
    return {"but": which["but"][:_ID_LENGTH]} if "but" in which else {}


def _checked(identifier: str, what: str) -> str:
    # Whole ids only: a shorter one could name several.
    if len(identifier) != _ID_LENGTH or not _ID_DIGITS.issuperset(identifier):
        raise NotFound(f"there is no {what} {identifier[:40]!r}")
    return identifier
