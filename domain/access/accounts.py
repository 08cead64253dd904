"""People who sign in: what is known of an account and of the one who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Account:
    """A row of the accounts. ``password_hash`` is in the PHC string format; ``must_change`` that
    somebody else has set the password, so that it opens nothing but the way to change it."""

    name: str
    role: str
    password_hash: str
    enabled: bool
    created_at: datetime
    must_change: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """Who is asking, with the role held now. ``session`` names the session without revealing it;
    ``must_change`` that the password must be changed before anything else."""

    name: str
    role: str
    session: str
    must_change: bool = False
