"""The chain of the system: accounts, roles, tokens and operations, whoever changed them.

It stands beside the chains of the operations and is linked as they are. It never holds a secret,
nor the stored form of one: of a password and of a token only the SHA-256 of what is stored, which
is enough to notice that another one was put in its place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from domain.chain import broken_chain, digest

SYSTEM = "(system)"
"""What the chain is called where operations are listed; no operation can have this name."""

GAVE_PASSWORD = ("account_added", "password_changed", "token_issued")
"""The events after which whoever caused them can act as the account."""


@dataclass(frozen=True, slots=True)
class NewSystemEvent:
    """What is to be recorded: ``subject`` is an account or an operation, ``by`` the account of who
    did it, None where nobody was named."""

    event: str
    subject: str
    at: datetime
    by: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)


class SystemEvent(NamedTuple):
    """One recorded event; times in microseconds since 1970 UTC, ``body_text`` canonical JSON."""

    seq: int
    event: str
    subject: str
    by: str | None
    recorded_us: int
    body_text: str
    prev_hash: str
    hash: str

    @property
    def body(self) -> dict[str, Any]:
        """The body, parsed now."""
        parsed: dict[str, Any] = json.loads(self.body_text)
        return parsed


def secret_digest(stored: str) -> str:
    """What the chain says of a stored password or token: its SHA-256."""
    return hashlib.sha256(stored.encode("utf-8", "surrogatepass")).hexdigest()


def broken_system_links(events: Iterable[SystemEvent]) -> list[str]:
    """What is wrong with the whole chain read in order."""
    return broken_chain((event.seq, event.prev_hash, event.hash, digest(event)) for event in events)
