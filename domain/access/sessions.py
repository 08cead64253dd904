"""How long somebody stays signed in, by role, and what is known of sessions and tokens."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.access.accounts import Account


@dataclass(frozen=True, slots=True)
class Limits:
    """``longest`` after signing in a session ends in any case; ``idle`` after its last use, None
    where that does not matter."""

    idle: timedelta | None
    longest: timedelta


_SHIFT = timedelta(hours=12)
"""Eight hours, its handover, and a night that goes on."""

_DESK = Limits(timedelta(hours=2), _SHIFT)
_IN_A_CAR = Limits(timedelta(hours=4), _SHIFT)

LIMITS: dict[str, Limits] = {
    "ADMIN": Limits(timedelta(minutes=15), timedelta(hours=4)),
    "AUDITOR": Limits(timedelta(minutes=30), _SHIFT),
    "FPU_DUTY": _DESK,
    "FPU_CMD": _DESK,
    "EULEX_OPS": _DESK,
    "EXCON": _DESK,
    # Their telephones lock by themselves, and nobody types twelve characters beside a crowd.
    "PLT_LDR": _IN_A_CAR,
    "PATROL_LDR": _IN_A_CAR,
    # Nobody touches a wall screen, and it can only be read.
    "WALL": Limits(None, timedelta(days=30)),
}
"""Of every role that signs in. Use is what a person does: a page that is opened, something that is
sent, a key or a pointer that moves. A screen that only listens is not in use."""

WARNED_BEFORE = timedelta(minutes=5)
"""So long before an unused session ends its screen says so, and any key keeps it."""

NOTED_EVERY = timedelta(minutes=1)
"""The last use is written down at most so often."""

TOKEN_DAYS = 90
LONGEST_TOKEN_DAYS = 366


class Ending(StrEnum):
    """Why a session is over."""

    SIGNED_OUT = "signed_out"
    IDLE = "idle"
    LONGEST = "longest"
    PASSWORD = "password"  # noqa: S105 - the password was changed
    ROLE = "role"
    DISABLED = "disabled"
    ELSEWHERE = "elsewhere"  # its person ended it from another session
    BY_OTHERS = "by_others"


@dataclass(frozen=True, slots=True)
class KeptSession:
    """``id`` names a session without opening it. ``address`` and ``device`` tell where it was
    begun, in plain words, and are empty where that is not known."""

    id: str
    account: Account
    opened_at: datetime
    used_at: datetime
    expires_at: datetime
    address: str = ""
    device: str = ""
    ended: Ending | None = None

    def over(self, now: datetime) -> Ending | None:
        """Why it has ended at ``now``, None while it is good."""
        if self.ended is not None:
            return self.ended
        if now >= self.expires_at:
            return Ending.LONGEST
        idle = LIMITS[self.account.role].idle
        if idle is not None and now - self.used_at >= idle:
            return Ending.IDLE
        return None


@dataclass(frozen=True, slots=True)
class KeptToken:
    """``id`` names a token without opening anything; ``expires_at`` is None for those of the
    demonstration, ``issued_by`` where nobody was named."""

    id: str
    account: Account
    purpose: str
    issued_by: str | None
    issued_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None

    def good(self, now: datetime) -> bool:
        """Whether it opens anything."""
        in_time = self.expires_at is None or now < self.expires_at
        return self.revoked_at is None and in_time and self.account.enabled


def digest_of(secret: str) -> str:
    """What is kept of a session's secret or of a token: SHA-256 in hexadecimal digits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
