"""Who looks at the page, and in which language; for layouts, callbacks and the other edges."""

from __future__ import annotations

from collections.abc import Callable

import flask_login
from flask import request

from domain.access.accounts import User
from domain.errors import NotSignedIn
from pages.strings import choose_language

LANGUAGE_COOKIE = "fpu_language"


class Visitor(flask_login.UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """A signed-in user as Flask-Login wants one. ``again`` asks the store who it is now."""

    def __init__(self, user: User, credential: str, again: Callable[[], User | None]) -> None:
        self.user = user
        self.credential = credential
        self.again = again

    def get_id(self) -> str:
        """What the signed cookie keeps: the secret of the session."""
        return self.credential


def visitor() -> Visitor | None:
    """Who sent the request being answered; None for a stranger."""
    current = flask_login.current_user
    return current._get_current_object() if current.is_authenticated else None


def current_user() -> User:
    """The user of the request being answered; raises ``NotSignedIn`` for a stranger."""
    found = visitor()
    if found is None:
        raise NotSignedIn("sign in first")
    return found.user


def current_language() -> str:
    """The language that this browser chose, else the best one of what it accepts."""
    return choose_language(request.cookies.get(LANGUAGE_COOKIE), request.accept_languages)
