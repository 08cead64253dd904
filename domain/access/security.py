"""What the security log says: its kinds, its entries, and how they are linked.

It tells who came in and who was refused, what went out and came in, and when the program ran. It
stands beside the chain of the system (``domain/system_log.py``), which has the changes of accounts
and the roster. An entry never holds a password, a key, a position, or a text that somebody sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from domain.access.addresses import address_in, subscriber_of

KINDS = (
    "sign_in",
    "sign_out",
    "password",
    "refused",
    "feed",
    "export",
    "import",
    "decision",
    "command",
    "process",
    "settings",
    "account",
    "roster",
    "log",
)
"""``account`` and ``roster`` are only in the chain of the system, which is shown with it."""

OUTCOMES = ("done", "refused", "throttled", "failed")

UNKNOWN_ADDRESS = "unknown"
_REASON = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class NewSecurityEvent:
    """What is to be recorded. ``account`` is one that exists, None for a stranger; ``session``
    names a session without revealing it; ``route`` is the template of an address. ``count``: how
    often, where several were put into one."""

    kind: str
    outcome: str
    at: datetime
    account: str | None = None
    role: str | None = None
    session: str | None = None
    address: str | None = None
    method: str | None = None
    route: str | None = None
    status: int | None = None
    reason: str | None = None
    count: int = 1
    body: Mapping[str, Any] = field(default_factory=dict)


class SecurityEvent(NamedTuple):
    """One recorded entry; times in microseconds since 1970 UTC, ``body_text`` canonical JSON.

    ``seq`` counts in the segment. The first entry of a segment follows the last of the one before.
    """

    segment: int
    seq: int
    recorded_us: int
    kind: str
    outcome: str
    account: str | None
    role: str | None
    session: str | None
    address: str | None
    method: str | None
    route: str | None
    status: int | None
    reason: str | None
    times: int
    body_text: str
    prev_hash: str
    hash: str

    @property
    def body(self) -> dict[str, Any]:
        """The body, parsed now."""
        parsed: dict[str, Any] = json.loads(self.body_text)
        return parsed


def believed_address(said: str | None) -> str:
    """An address in its usual form; what is none (a proxy hands on whatever it was sent) is
    ``unknown``."""
    address = address_in(said or "")
    return UNKNOWN_ADDRESS if address is None else str(address)


def network_of(address: str) -> str:
    """What a stranger is counted by, of an address in its usual form."""
    parsed = address_in(address)
    return address if parsed is None else subscriber_of(parsed)


def plain_reason(said: object) -> str | None:
    """A reason as a word of this program; anything else, such as a sentence, is left out."""
    words = said.lower().replace(" ", "_") if isinstance(said, str) else ""
    return words if _REASON.fullmatch(words) else None


def short(words: str | None, longest: int = _LONGEST) -> str | None:
    """``words`` in one line of printable characters, at most so many; None stays."""
    if words is None:
        return None
    return "".join(letter for letter in words if letter.isprintable())[:longest]
