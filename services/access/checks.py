"""What an account and a token may be called."""

from __future__ import annotations

from domain.access.sessions import LONGEST_TOKEN_DAYS
from domain.errors import InvalidField
from domain.transitions import ROLES

SIGN_IN_ROLES = tuple(role for role in ROLES if role != "SYSTEM")
LONGEST_NAME = 40
LONGEST_PURPOSE = 200


def check_name(name: str) -> None:
    """Raise ``InvalidField`` for what can be no account's name."""
    # The name is written into the log for good, so it stays plain and short.
    if not (0 < len(name) <= LONGEST_NAME and name.isascii()):
        raise InvalidField("name", f"must have 1 to {LONGEST_NAME} plain letters or digits")
    if not all(letter.isalnum() or letter in "._-" for letter in name):
        raise InvalidField("name", "may have letters, digits, dot, hyphen and underscore only")


def is_plain(name: str) -> bool:
    """Whether an account can be called that."""
    try:
        check_name(name)
    except InvalidField:
        return False
    return True


def check_role(role: str) -> None:
    """Raise ``InvalidField`` for a role in which nobody signs in."""
    if role not in SIGN_IN_ROLES:
        raise InvalidField("role", f"must be one of {', '.join(SIGN_IN_ROLES)}")


def check_purpose(purpose: str) -> None:
    """Raise ``InvalidField`` where nobody could tell later what a token is for."""
    if not purpose.strip() or len(purpose) > LONGEST_PURPOSE or not purpose.isprintable():
        raise InvalidField(
            "purpose", f"say in 1 to {LONGEST_PURPOSE} characters what the token is for"
        )


def check_days(days: int | None) -> None:
    """Raise ``InvalidField`` for a token that would last for ever, or for too long."""
    if days is None or not 1 <= days <= LONGEST_TOKEN_DAYS:
        raise InvalidField("days", f"must be a number of days from 1 to {LONGEST_TOKEN_DAYS}")
