"""The signed-in user as the one who enters an event."""

from __future__ import annotations

from domain.events import Actor
from pages.session import current_user


def current_actor() -> Actor:
    """Who acts in this request; raises ``NotSignedIn``."""
    user = current_user()
    return Actor(user.name, user.role, user.session)
