"""People who sign in: what is known of an account and of the one who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Account:
    """A row of the accounts. ``password_hash`` is in the PHC string format."""

    name: str
    role: str
    password_hash: str
    enabled: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class User:
    """Who is asking, with the role held now. ``session`` names the session without revealing it."""

    name: str
    role: str
    session: str
